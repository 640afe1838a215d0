"""The words and phrases by which a sentence of an abstract shows what it is there for, and what each is worth.

The numbers were set by hand on the half of the judged abstracts that is for that: docs/decisions/028.
"""

import re


def _worth(**tiers: str) -> dict[str, float]:
    """A table from `w26="show find"`: 2.6 for each of the words."""
    return {word: int(name[1:]) / 10 for name, words in tiers.items() for word in words.split()}


ANNOUNCES = _worth(
    w40="propose proposes introduce introduces present presents put puts unveil unveils suggest suggests",
    w30="""
        build builds built collect construct constructs contribute contributes create created creates curate describe
        describes design designed designs develop developed develops devise devises establish established establishes
        formulate formulates frame give gives introduced offer offers presented proposed provide provides reformulate
        reformulates report reports solves
    """,
    w26="""
        address addresses advocate advocates aim aims analyse analyze argue argues challenges characterize compare
        define demonstrate demonstrates discover examine examines explore explores find hypothesize identifies identify
        improve improves investigate investigates outline outlines point prove proves questions rethink rethinks reveal
        reveals reviews revisit seek seeks show shows studies study surveys systematically tackle tackles uncover
        uncovers
    """,
    w16="""
        adapt adopt analyzed apply combine compared conduct conducts consider employ examined explored extend
        integrate investigated leverage observe release replace separate studied take train use
    """,
    w2="believe benchmark conclude envision evaluate evaluates hope open-source test validate will",
)
"""What a sentence is worth for the first of these verbs after "we" or "this paper"."""

PASSIVE = _worth(w30="introduced presented proposed", w22="described designed developed investigated studied")
OF_ITSELF = _worth(w30="introduces proposes")
"""Verbs that tell without such a subject: after "is", and in "our method, X, proposes"."""

OTHER_VERB = 1.2
FRAMED = 2.0
"""What any verb is worth in "in this paper, we"."""

PROPOSED = 4.0
"""What the plainest announcements are worth."""

FIRST_OF_ALL = 3.0
"""What "this survey is the first" is worth."""

AUTHORS = frozenset(("we", "i"))
WORKS = frozenset(
    [
        "article",
        "chapter",
        "letter",
        "manuscript",
        "note",
        "paper",
        "report",
        "research",
        "review",
        "study",
        "survey",
        "thesis",
        "tutorial",
        "work",
    ]
)
POINTS = frozenset(("this", "our", "the", "present"))
BE = frozenset(("is", "are", "was", "were"))  # what "has been proposed" is not new

OPENING = re.compile(
    r"""
    (?P<frame> (?:in|through|with|throughout)\ (?:this|our|the\ present)\ (?:\w+\ )?
               (?:paper|work|study|article|letter|report|survey|research|review|thesis)
             | here,?\ (?:we|i)\b | to\ th(?:is|at)\ end
             | to\ (?:address|tackle|overcome|bridge|fill|solve|mitigate|remedy|close|alleviate|resolve|counter)\b
             | (?:in|as\ a)\ response | towards?\ (?:this|that|closing) | therefore
             | objectives?: | aims?: | purpose:
             | (?:we|i)\ (?:propose|introduce|present) | this\ (?:paper|work|study|survey|article) )
  | (?P<background> however | in\ spite | yet\b | despite | although | while | existing | current | previous | prior
             | recent | traditional | conventional | nevertheless | unfortunately | most | many | background
             | for\ example | for\ instance )
  | (?P<detail> specifically | in\ particular | particularly | concretely | first | second | third | next | then
             | finally | lastly | moreover | furthermore | additionally | in\ addition | besides | further | also
             | to\ (?:evaluate|assess|demonstrate|validate|facilitate|ensure|further|achieve|enable|stabilize|support)\b
             | subsequently | meanwhile | afterwards? | methods?: | at\ each | within
             | our\ (?:method|approach|framework|model|system|work|study|analysis)\b | the\ (?:proposed|resulting) )
  | (?P<result> results?\b | extensive | experiment | empirical | evaluat
             | our\ (?:\w+\ )?(?:results?|experiments?|findings?|evaluations?) | these\ (?:results|findings|insights)
             | overall | in\ summary | notably | compared | remarkably | conclusions?: | findings
             | through\ (?:extensive|comprehensive|large|experiments) | ablation | taken\ together | critically
             | for\ all )
  | (?P<link> (?:the\ |our\ |all\ )?(?:source\ )?(?:codes?|data|datasets?|models?)\b[^.]{0,40}
              \b(?:available|released|public|open|found)
             | project\ (?:page|website) | (?:the\ |our\ )?code\b )
    """,
    re.VERBOSE,
)
"""How a sentence begins, in small letters."""

OPENED = {"frame": 1.2, "background": -1.5, "detail": -1.8, "result": -1.8, "link": -4.0}
"""What each beginning adds or takes away."""

Trait = tuple[float, re.Pattern[str] | None, frozenset[str]]


def _trait(worth: float, hints: str, phrase: str | None = None) -> Trait:
    return worth, re.compile(phrase, re.VERBOSE) if phrase else None, frozenset(hints.split())


TRAITS: tuple[Trait, ...] = (
    _trait(0.7, "novel new"),
    _trait(0.7, "first", r"\b(?:the|a|very)\ first\b | for\ the\ first\ time"),
    _trait(
        -1.2,
        "also further additionally then next finally hope believe",
        r"\b(?:we|i)\ (?:also|further|additionally|then|next|finally|hope|believe)\b",
    ),
    _trait(
        0.8,
        "idea insight contribution contributions innovation innovations",
        r"\b(?:key|core|main|central)\ (?:idea|insight|contributions?|innovations?)\b | \bour\ contributions?\b",
    ),
    _trait(
        -0.6,
        """outperform outperforms outperforming outperformed state-of-the-art surpass surpasses surpassing surpassed
        superior sota experiment experiments %""",
        r"\b(?:outperform\w* | state-of-the-art | surpass\w* | superior | sota | experiments?\ (?:on|show))\b | \d%",
    ),
    _trait(
        -0.8,
        """importance potential insights pave paves paving future highlight highlights highlighted highlighting
        underscore underscores underscoring roadmap broader""",
        r"""\b(?:importance\ of | potential\ (?:of|for|to) | insights\ (?:for|into) | pav(?:e|es|ing)\ the\ way
        | future\ (?:work|research|studies|directions?) | highlight\w* | underscor\w* | roadmap | broader)\b""",
    ),
    _trait(
        -2.5,
        "http https www available released open-source open-sourced opensource",
        r"""https?:// | www\. | \bavailable\ (?:at|on|here)\b | \b(?:released|available)\.?$
        | \b(?:we|are|is|have|be)\ (?:\w+\ )?open-?source""",
    ),
)
"""What some words are worth, and where they alone do not tell, the phrase; only sentences with one are searched."""
