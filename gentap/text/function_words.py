"""The words that say little by themselves: each list is here, by what it is used for.

All are English. They differ because what is common differs: in a question, in a written answer, at
the beginning of a sentence. What they share is :data:`CORE`.
"""

CORE = frozenset(
    "a an and as at by for from her his in it its of on or that the their this to was when"
    " where which who with".split()
)
"""Articles, prepositions, pronouns and auxiliaries that are in every list below."""

QUESTION_WORDS = CORE | frozenset(
    "are be did do does had has have how is many much were what whom whose".split()
)
"""Words of a question that do not tell which columns and rows it needs."""

CAPITALISED_WORDS = CORE | frozenset(
    "after all also although among another before both but during each he how i if many"
    " most no not one other she since so some such than then there these they those two"
    " under until what while yes".split()
)
"""Words that are no names where an answer writes them with a capital."""

OVERLAP_WORDS = CORE | frozenset(
    "about after all also another any are be been before being between both but called came"
    " can could did do does during each ever first following get give given go had has have"
    " he him how if into is itself kind known last long made make many may me might more"
    " most much my name named names no not one only other our out over own s she should so"
    " some such t than them then there these they those too took two type under until up"
    " upon us use used we were what while whom whose why will within would you your".split()
)
"""Words that say nothing of what two texts have in common."""

FIRST_WORDS = CORE | frozenset(
    "after all also although among are because before between both but can could despite"
    " did do does during had has have he here how however i if is later many most my no one"
    " other our over she should since some then there these they those though three today"
    " two under until we were what while whom whose why will without would you your".split()
)
"""Words that are no names at the beginning of a sentence."""

ENGLISH_WORDS = CORE | frozenset(
    "about after also are be been before but during had has have he into is not one out"
    " over she than then there they two under up were while will would".split()
)
"""Words by whose share English is told from other languages."""

NAME_WORDS = frozenset(
    "a an and as at by de for from in is it la no not of on or the to was with yes".split()
)
"""Words of a value that tell nothing of which row it stands in, whatever the case."""
