"""Short forms of states and countries as people write them behind a place's name."""

STATES = {
    "al": "alabama", "ak": "alaska", "az": "arizona", "ar": "arkansas", "ca": "california", "co": "colorado",
    "ct": "connecticut", "de": "delaware", "dc": "district of columbia", "fl": "florida", "ga": "georgia",
    "hi": "hawaii", "id": "idaho", "il": "illinois", "in": "indiana", "ia": "iowa", "ks": "kansas",
    "ky": "kentucky", "la": "louisiana", "me": "maine", "md": "maryland", "ma": "massachusetts", "mi": "michigan",
    "mn": "minnesota", "ms": "mississippi", "mo": "missouri", "mt": "montana", "ne": "nebraska", "nv": "nevada",
    "nh": "new hampshire", "nj": "new jersey", "nm": "new mexico", "ny": "new york", "nc": "north carolina",
    "nd": "north dakota", "oh": "ohio", "ok": "oklahoma", "or": "oregon", "pa": "pennsylvania",
    "ri": "rhode island", "sc": "south carolina", "sd": "south dakota", "tn": "tennessee", "tx": "texas",
    "ut": "utah", "vt": "vermont", "va": "virginia", "wa": "washington", "wv": "west virginia", "wi": "wisconsin",
    "wy": "wyoming", "ab": "alberta", "bc": "british columbia", "mb": "manitoba", "nb": "new brunswick",
    "ns": "nova scotia", "on": "ontario", "qc": "quebec", "sk": "saskatchewan", "nsw": "new south wales",
    "qld": "queensland", "vic": "victoria",
}  # fmt: skip
"""Of the United States, Canada and Australia. Some are codes of countries too (DE, CA, IN): either fits."""

COUNTRIES = {
    "uk": "gb", "great britain": "gb", "britain": "gb", "usa": "us", "u s a": "us", "america": "us",
    "united states of america": "us", "uae": "ae", "holland": "nl", "czech republic": "cz", "korea": "kr",
    "us": "us", "gb": "gb", "fr": "fr", "es": "es", "nl": "nl", "ru": "ru", "jp": "jp", "au": "au", "nz": "nz",
    "ch": "ch", "pl": "pl", "be": "be", "dk": "dk", "no": "no", "se": "se", "fi": "fi", "ie": "ie", "gr": "gr",
    "br": "br", "mx": "mx", "germany": "de", "france": "fr", "spain": "es", "italy": "it", "england": "england",
    "scotland": "scotland", "wales": "wales", "ireland": "ie", "canada": "ca", "australia": "au", "india": "in",
    "china": "cn", "japan": "jp",
}  # fmt: skip
"""Short form → code, or a name that the service knows. What is not here is compared with the names themselves."""
