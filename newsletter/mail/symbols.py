"""What LaTeX commands stand for in Unicode: tables only."""

# ruff: noqa: RUF001 — letters that look like others are what these tables hold


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
}
"""Commands that put a mark on the next letter."""

LETTERS = _pairs("ss ß o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ i ı j ȷ")
"""Letters that are commands; in text the blank after them is TeX's."""

SYMBOLS = _pairs(
    r"""
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
    nu ν xi ξ omicron ο pi π rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    textalpha α textbeta β textgamma γ textmu μ
    times × div ÷ pm ± mp ∓ cdot · ast * star ⋆ circ ∘ bullet • oplus ⊕ otimes ⊗ odot ⊙ setminus ∖ wedge ∧ vee ∨
    leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ neq ≠ ne ≠ ll ≪ gg ≫ lt < gt > sim ∼ simeq ≃ approx ≈ equiv ≡ cong ≅
    propto ∝ lesssim ≲ gtrsim ≳ prec ≺ succ ≻ preceq ⪯ succeq ⪰
    to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ longrightarrow ⟶ mapsto ↦
    uparrow ↑ downarrow ↓ nearrow ↗ searrow ↘ iff ⇔ implies ⇒
    in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ cup ∪ cap ∩ emptyset ∅ varnothing ∅ forall ∀ exists ∃
    neg ¬ lnot ¬ land ∧ lor ∨ top ⊤ bot ⊥ perp ⊥ parallel ∥ mid | vert | Vert ‖ lvert | rvert | lVert ‖ rVert ‖
    infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ prime ′ angle ∠ triangle △ square □
    langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace } lbrack [ rbrack ]
    dots … ldots … cdots ⋯ textellipsis … dag † dagger † ddag ‡ ddagger ‡ checkmark ✓ S § P ¶ copyright © pounds £
    deg ° degree ° textdegree ° textpertenthousand ‱ textperthousand ‰ textpm ± texttimes × textrightarrow →
    textendash – textemdash — textquoteright ’ textquoteleft ‘ textquotedblleft “ textquotedblright ” textbar |
    textless < textgreater > textasciitilde ~ textasciicircum ^ textbackslash \ textunderscore _ textregistered ®
    texttrademark ™ textcopyright © textbullet • circledR ® euro € texteuro €
    eg e.g. ie i.e. lbrack [ colon : backslash \ blacksquare ■ diamond ⋄ heartsuit ♥ spadesuit ♠
    """
)
"""Signs, the same in text and in formulas."""
SYMBOLS["etal"] = "et al."

ESCAPED = {sign: sign for sign in "%&$#_{}"} | dict.fromkeys(",;: >", " ") | dict.fromkeys("!-/@", "")
"""Signs that after a backslash are themselves, a space, or a place to break or kern."""

MATH_ACCENTS = {
    **dict.fromkeys(("hat", "widehat"), "\u0302"),
    **dict.fromkeys(("tilde", "widetilde"), "\u0303"),
    **dict.fromkeys(("bar", "overline"), "\u0304"),
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "acute": "\u0301",
    "grave": "\u0300",
    "check": "\u030c",
    "breve": "\u0306",
}
"""Commands of a formula that put a mark on one letter."""

FONTS = frozenset(
    [
        *(
            "textbf",
            "textit",
            "texttt",
            "textsc",
            "textsf",
            "textrm",
            "textsl",
            "textup",
            "textmd",
            "textnormal",
            "text",
        ),
        *(
            "emph",
            "underline",
            "mbox",
            "uline",
            "textulc",
            "mathrm",
            "mathbf",
            "mathit",
            "mathtt",
            "mathsf",
            "mathnormal",
        ),
        *("boldsymbol", "bm", "pmb", "operatorname", "mathop", "mathcal", "mathscr", "mathfrak", "hbox", "ensuremath"),
    ]
)
"""Commands that only dress their argument; a script or Gothic letter becomes the plain one, which every font has."""

BLACKBOARD = {"mathbb": _pairs("R ℝ N ℕ Z ℤ Q ℚ C ℂ P ℙ H ℍ"), "mathds": _pairs("R ℝ N ℕ Z ℤ Q ℚ C ℂ P ℙ H ℍ")}
"""The double-struck letters that fonts have; the others become plain ones."""

FUNCTIONS = frozenset(
    [
        *("log", "ln", "lg", "exp", "max", "min", "sup", "inf", "lim", "arg", "argmax", "argmin", "det", "dim", "ker"),
        *("gcd", "sin", "cos", "tan", "sinh", "cosh", "tanh", "Pr", "mod", "sgn", "poly", "polylog"),
    ]
)
"""Named functions, which are written by their name."""

NOTHING = frozenset(
    [
        *("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "displaystyle", "textstyle"),
        *("limits", "nolimits", "xspace", "rm", "bf", "it", "tt", "sf", "cal", "em"),
    ]
)
"""Commands of a formula that leave no sign."""

SUPERSCRIPT = {
    **dict(zip("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾", strict=True)),
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
    **dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True)),
    **dict(zip("−*⋆∗∘°′†‡⊤®™%", "⁻***°°′†‡ᵀ®™%", strict=True)),
}
"""Raised signs; of the Latin letters q and some capitals have none."""

SUBSCRIPT = {
    **dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
    "−": "₋",
}
"""Lowered signs."""
