"""What the words around a number say it is: names of the kinds, as people call them."""

from __future__ import annotations

import re

PHONE, CARD, BANK, GOVERNMENT = NUMBERS = "phone", "card", "bank", "government"
PASSWORD, CVV, ABROAD, HARMLESS = "password", "cvv", "abroad", "harmless"
ADDRESS, LINK = "address", "link"
_NUMBER = r"(?: ?(?:numbers?|no\b\.?|id|#|codes?))"
_SENT_TO = r"(?: (?:to|on|by|via) (?:your|the|my|his|her) (?:phone|mobile|cell|e-?mail|inbox)\b)"
_VAGUE = (
    r"about|around|roughly|approximately|nearly|almost|over|up to|between|users|seats|price[sd]?|costs?|total"
    r"|worth|spend|spent|pay(?:ing)?|charge[sd]?"
)
CONTEXTS = {
    CARD: r"\b(?:cards?\b|visa\b|master ?card\b|amex\b|long number)|american express",
    CVV: r"\b(?:cv[vc]2?|c v [vc])\b|security code|(?:three|3|four|4) (?:digits?|numbers) (?:on|code)"
    r"|(?:three|3|four|4)(?: digits?| numbers?| figures)? on the (?:back|front|reverse)",
    BANK: r"\b(?:account|a/c)\W{0,2}(?:is )?$"
    r"|\b(?:acct\b|iban\b|i ban\b|ifsc\b|bsb\b|clabe\b|blz\b|wire to)|bankleitzahl|konto(?:nummer)?\b"
    r"|sort ?code|account (?:number|no\b)|routing|transit number"
    r"|bank (?:details|account)|checking account|savings account|and the account\b(?! \w)"
    r"|\[bank \d+\]\W{1,3}(?:and )?(?:the )?account",
    GOVERNMENT: r"\b(?:ssn\b|ein\b|s s n\b|n\.?i\.? (?:number|no\b)|nino\b|tax number|nhs\b|itin\b"
    r"|id card|id number)|social security|(?:my|your|his|her|full) socials?\b|both (?:of )?your socials\b"
    r"|social (?:is|number)|\ba social\b(?= (?:for|to|too|as well)\b|\W*$)|national (?:insurance|id\b)"
    r"|tax (?:id|file|identification|payer)|taxpayer|passport|driv(?:er'?s?|ing) licen[cs]e"
    r"|medicare(?: card)?|identity card|identification number|steuer|insurance number|residen(?:ce"
    r"|t) (?:permit|card)|health card|\b(?:utr|pps|ppsn|fein|nric|hkid|ahv|trn|gstin|abn|kvk|rut|cuil|cuit"
    r"|siren|siret|uscis)\b|unique taxpayer|vat (?:id|number|reg\w*|no\b)|(?:voter|emirates|military"
    r"|alien) (?:id|number)|resident (?:id|registration)|green card|ausweis|reisepass|sozialversicherung"
    r"|c[ée]dula|birth certificate|health insurance|medicaid",
    ABROAD: r"\b(?:cpf|cnpj|dni|nif|tfn|bsn|pesel|insee|curp|personnummer)\b|a{1,2}dh?a{1,2}r\b(?: card)?"
    r"|codice fiscale|fiscal code|s[ée]curit[ée] sociale|social insurance|permanent account number"
    r"|burgerservice"
    r"|\b(?:pan|sin|nie|nir)(?:'s| is\b| numbers?\b| no\b| cards?\b|\?|\W*$)",  # else a word
    PASSWORD: r"\b(?:pin\b(?! ?pads?)|otp\b|code to get in)|pass ?code|pass ?word"
    r"|one[- ]time (?:pass\w*|pin|key|code)|verification code|access code|authenticator|unlock it with"
    r"|\b(?:text(?:ed)?|sen[dt]|e-?mail(?:ed)?|got|get(?:ting)?|receive|trigger(?:ed)?|push(?:ed)?)\b"
    rf"[^.?!\n]{{0,20}} (?:a|the|you a|that) code\b{_SENT_TO}?|\bcode{_SENT_TO}|transfer pin"
    r"|\bread (?:me |out |back )?(?:the|those|that) (?:\w+ )?(?:digits|code|figures)\b"
    r"|(?:door|gate|entry|unlock|log ?in|alarm|lock ?box|key ?pad|host) (?:code|key)",
    PHONE: r"\b(?:phones?\b|mobile\b|cell(?:phone)?\b|(?:call|ring|text|reach|phone|dial|buzz|ping|get|catch"
    r"|try) (?:me|us|him|her|them|back|my|our)\b|call (?:on|at)\b|dial\b|contact\b|line is|whats ?app\b"
    r"|fax\b|text\b|desk\b|reception\b|hotline\b)|telephone|direct line|land ?line|switch ?board"
    r"|call ?back|extension|country code|area code|after hours",
    HARMLESS: rf"\b(?:{_VAGUE})\b"
    r"|\b(?:invoices?|orders?|purchase|p\.?o\.?|quotes?|tickets?|tracking|serial|sku"
    r"|versions?|builds?|reference|refs?|batch|budget|revenue|population|iso|rfc|ports?|parcel|shipment"
    r"|firmware|article|barcode|warranty|timestamp|turnover|salary|isbn|discount|coupon|promo(?:tion)?"
    r"|clause|section|error|postcode|zip)\b"
    rf"|\b(?:case|part|model|contract|customer|policy|lot|job|project|meeting|webinar|conference|room"
    rf"|member|client|asset|vendor|supplier|registration|item|product|record"
    rf"|transaction|confirmation|booking|deal|opportunity|claim|document|form|flight|company"
    rf"|event|error|area){_NUMBER}|(?<!driver's )(?<!drivers )(?<!driver )(?<!driving )\blicen[cs]e{_NUMBER}",
}
CORRECTED = re.compile(  # a code that was read out wrongly, and is read out again
    r"\[password \d+\][^\d\n]*\n[^\d\n]{0,60}\b(?:invalid|wrong|again|not work|didn't|expired)\b"
    r"[^\d\n]{0,40}\n"
    r"(?:\W|\b(?:oh|sorry|no|um|uh|okay|try|it's|wait|hang on|new one)\b)*$"
)
ANY_NUMBER = re.compile(  # speaks of a phone where nothing else is named
    r"\b(?:my|best|his|her|their|your|our) number|\bnumber (?:is|for|to|that|you)|\bnumber's\b|\bnumber\?"
)
LEADS = {name: re.compile(pattern) for name, pattern in CONTEXTS.items()}
THINGS = re.compile(CONTEXTS[HARMLESS].partition(")\\b|")[2])  # what is harmless and has a name
MEETING = re.compile(  # which lets in who has it with its passcode
    r"\b(?:meeting|conference|webinar|bridge|zoom|teams|webex)(?: room)? ?(?:id|code|number)\b[^.?!\n]{0,20}$"
)
SENT_TO = re.compile(_SENT_TO)
NEAR_WORDS = {
    CARD: 16,
    CVV: 10,
    BANK: 14,
    GOVERNMENT: 14,
    ABROAD: 8,
    PASSWORD: 12,
    PHONE: 16,
    HARMLESS: 5,
}
TRAILS = {
    PHONE: r"\W*(?:(?:that|which)(?:'s| is)|is|'s|are) (?:(?:my|the|our|his|her|your) )?(?:best |direct "
    r"|work |new |main )?(?:cell|mobile|phone|direct|number|line|desk|land ?line|office)"
    r"|\W*(?:on|is) my (?:cell|mobile)",
    CARD: r"\W*(?:is|that's|that is) (?:my|the|our) (?:\w+ )?card",
    BANK: r"\W*(?:is|that's|that is) (?:my|the|our) (?:\w+ )?(?:account|sort code|routing)",
    GOVERNMENT: r"\W*(?:is|that's|that is) (?:my|the|his|her) (?:\w+ )?(?:social|ssn|passport|national|tax"
    r"|sin\b|pan\b|aadh?aar|tfn|bsn|cpf|dni)",
    PASSWORD: r"\W*(?:is|that's|that is) (?:my|the|our) (?:\w+ )?(?:pin|pass)",
}
TRAILING = {name: re.compile(pattern) for name, pattern in TRAILS.items()}
UNIT = re.compile(
    r"[ -]?(?:per ?cent|%|dollars?|pounds?|euros?|bucks|quid|cents|pence|[km]\b|k\b|users?|seats?|"
    r"licen[cs]es|people|employees|invoices?|millions?|billions?|thousands?|hours?|days?|weeks?|months?|"
    r"years?|minutes?|seconds?|records|rows|units|calls|customers?|accounts?(?!\W{1,3}(?:number|no\b|is\b"
    r"|\d))|stores?|sites|digits?|"
    r"characters|documents|pages|orders?|items|messages|gigs?|gb|tb|mb|meters|metres|miles|"
    r"transactions|emails|vendors|suppliers|deals|tickets|times|a (?:month|year|week|day|seat)|"
    r"per\b|percent|apiece|points?|lines|letters|attempts?|tries|usd|eur|gbp)",
    re.I,
)
LINKS = re.compile(  # what may stand between a PIN's name and the PIN
    r"(?:\W|\b(?:is|was|it|it's|its|that's|thats|that|number|code|for|to|the|my|our|your|a|will|be|here"
    r"|sure|yes|yeah|ok|okay|um|uh|well|so|of|and|card|room|phone|account|laptop|door|portal|alarm|just"
    r"|use|type|enter|in|on|one|time|login|meeting|says?|got|i|think|set|right|now|currently|please|go"
    r"|ahead|new|temporary|which|still|app|conference|line|dial|bridge|building|front|back|side|gate"
    r"|we|you|need|want|with|sent|text|message|from|me|they|he|she|read|out|can|could|'s|s"
    r"|back|tell|give|say|what|does|do|see|there|screen|digits?|six|four|figures?|should|have|had|if|when"
    r"|arrives?|comes?|came|through|ready|sorry|hang|oh|then|than|invalid|expired|again|try|hmm|hm|moment"
    r"|second|one moment|just a|let)\b)*"
)
