"""How prose calls what is of a country: ``Swedish`` for ``Sweden``.

In lower case, as values are compared. Where an adjective is that of something else too, such as
Georgia's or the Congos', the country has none here.
"""

_COUNTRIES = """
afghanistan: afghan; albania: albanian; algeria: algerian; angola: angolan
argentina: argentine, argentinian; armenia: armenian; australia: australian; austria: austrian
azerbaijan: azerbaijani; bahrain: bahraini; bangladesh: bangladeshi; belarus: belarusian
belgium: belgian; bolivia: bolivian; bosnia and herzegovina: bosnian; botswana: botswanan
brazil: brazilian; bulgaria: bulgarian; burundi: burundian; cambodia: cambodian
cameroon: cameroonian; canada: canadian; chile: chilean; china: chinese; colombia: colombian
costa rica: costa rican; croatia: croatian; cuba: cuban; cyprus: cypriot; czech republic: czech
denmark: danish; ecuador: ecuadorian; egypt: egyptian; el salvador: salvadoran; england: english
eritrea: eritrean; estonia: estonian; ethiopia: ethiopian; fiji: fijian; finland: finnish
france: french; germany: german; ghana: ghanaian; great britain: british; greece: greek
guatemala: guatemalan; haiti: haitian; honduras: honduran; hungary: hungarian; iceland: icelandic
india: indian; indonesia: indonesian; iran: iranian; iraq: iraqi; ireland: irish; israel: israeli
italy: italian; ivory coast: ivorian; jamaica: jamaican; japan: japanese; jordan: jordanian
kazakhstan: kazakhstani, kazakh; kenya: kenyan; kosovo: kosovan; kuwait: kuwaiti; latvia: latvian
lebanon: lebanese; libya: libyan; lithuania: lithuanian; luxembourg: luxembourgish
malaysia: malaysian; malta: maltese; mexico: mexican; moldova: moldovan; mongolia: mongolian
montenegro: montenegrin; morocco: moroccan; namibia: namibian; nepal: nepalese, nepali
netherlands: dutch; nicaragua: nicaraguan; nigeria: nigerian; north korea: north korean
northern ireland: northern irish; norway: norwegian; pakistan: pakistani; panama: panamanian
paraguay: paraguayan; peru: peruvian; philippines: filipino, philippine; poland: polish
portugal: portuguese; puerto rico: puerto rican; qatar: qatari; republic of ireland: irish
romania: romanian; russia: russian; rwanda: rwandan; saudi arabia: saudi arabian; scotland: scottish
senegal: senegalese; serbia: serbian; singapore: singaporean; slovakia: slovak; slovenia: slovenian
south africa: south african; south korea: south korean; soviet union: soviet; spain: spanish
sri lanka: sri lankan; sudan: sudanese; sweden: swedish; switzerland: swiss; syria: syrian
taiwan: taiwanese; tanzania: tanzanian; thailand: thai; trinidad and tobago: trinidadian
tunisia: tunisian; turkey: turkish; uganda: ugandan; ukraine: ukrainian; united kingdom: british
united states: american; united states of america: american; uruguay: uruguayan; usa: american
u.s.: american; uzbekistan: uzbekistani, uzbek; venezuela: venezuelan; vietnam: vietnamese
wales: welsh; west germany: west german; yugoslavia: yugoslav; zambia: zambian
zimbabwe: zimbabwean
"""
NATIONALITIES = {
    country.strip(): tuple(people.split(", "))
    for line in _COUNTRIES.strip().splitlines()
    for country, people in (entry.split(": ") for entry in line.split("; "))
}
"""The adjectives of each country."""
LANGUAGES = frozenset(
    [people for peoples in NATIONALITIES.values() for people in peoples]
    + "arabic bengali cantonese catalan galician hebrew hindi kannada latin malayalam".split()
    + "mandarin marathi persian punjabi sanskrit tagalog tamil telugu urdu".split()
)
"""What may stand before a colon to say in which language a name follows."""
