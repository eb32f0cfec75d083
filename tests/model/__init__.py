"""The whole server in a simulated world, beside a model so naive that it is easily seen to be right."""
