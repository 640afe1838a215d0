"""What people paste as example papers: ids, titles, abstracts, and the exports of their reference managers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import libraries, pasted

MEDUSA = "Medusa: Simple Inference Acceleration with Multiple Decoding Heads"
ABSTRACT = (
    "Decoding one word after the other is slow. We add heads that guess the next words at once, check them with a "
    "tree, and keep what holds. On three models this is twice as fast or better, and nothing of the quality is lost "
    "on the tasks that we tried."
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2401.10774", ("2401.10774",)),
        ("2401.10774v3", ("2401.10774",)),
        ("2401.10774, 2312.00752v2; 1706.03762", ("2401.10774", "2312.00752", "1706.03762")),
        ("https://arxiv.org/abs/2401.10774\r\nhttps://arxiv.org/pdf/2312.00752.pdf", ("2401.10774", "2312.00752")),
        ("hep-th/9901001", ("hep-th/9901001",)),
        (f"[2401.10774] {MEDUSA}", ("2401.10774",)),
        (f"[12] T. Cai et al. {MEDUSA}. arXiv preprint arXiv:2401.10774, 2024.", ("2401.10774",)),
        (f"1. {MEDUSA}\n2. Attention is all you need", (MEDUSA, "Attention is all you need")),
        (f"- {MEDUSA}\n- doi:10.48550/arXiv.1706.03762", (MEDUSA, "1706.03762")),
        (f"[1] arXiv:2401.10774 [pdf, other]\nTitle: {MEDUSA}\nAuthors: T. Cai", ("2401.10774",)),
        (f"{MEDUSA}\n\n{ABSTRACT}", (f"{MEDUSA}\n\n{ABSTRACT}",)),
        (f"{MEDUSA}\nAbstract: {ABSTRACT}", (f"{MEDUSA}\n\n{ABSTRACT}",)),
        (
            f"{MEDUSA}\n{ABSTRACT[:90]}\n{ABSTRACT[90:]}",
            (f"{MEDUSA}\n\n{ABSTRACT[:90].strip()} {ABSTRACT[90:].strip()}",),
        ),
        (f"{MEDUSA[:40]}\nacceleration with heads", (f"{MEDUSA[:40].strip()} acceleration with heads",)),
        ("数据驱动的语言模型研究", ("数据驱动的语言模型研究",)),
        (f"{MEDUSA}\n{MEDUSA}\n\n{MEDUSA}", (MEDUSA,)),
        ("", ()),
        (" \r\n \n", ()),
    ],
)
def test_papers_are_found_however_they_are_written(text, found):
    """Ids and links, references, lists of titles, a title with its abstract: each paper once, in order."""
    assert pasted.read(text) == pasted.Pasted(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("24O1.10774", '"24O1.10774" is no arXiv id; write for example 2401.10774'),
        ("decoding", "paste a title of 3 words or more"),
        ("<?xml version='1.0'?><records/>", "export the papers as BibTeX, RIS or CSL-JSON"),
        ("a title of\u202e words here", "U+202E"),
        ("x" * (pasted.LONGEST + 1), "too long"),
    ],
)
def test_what_is_no_paper_is_one_sentence(text, said):
    """It says what was given and what to write; nothing of it is a paper."""
    found = pasted.read(text)

    assert found.seeds == ()
    assert said in found.mistakes[0]


@given(
    st.lists(
        st.sampled_from(
            (
                "2401.10774",
                "hep-th/9901001",
                MEDUSA,
                f"{MEDUSA}\n\n{ABSTRACT}",
                "An old title here",
                "The " * 90 + "end",
            )
        ),
        unique=True,
    )
)
def test_what_is_written_reads_to_the_same(papers):
    """A file that was read is shown as text, and posted again it means the same papers."""
    assert pasted.read(pasted.write(papers)).seeds == tuple(one.strip() for one in papers)


BIBTEX = r"""
Some words of the program that wrote this.
@string{pub = "Somebody"}
@comment{@article{no, title={This one does not count}}}
@article{cai2024medusa,
  title={{Medusa}: Simple {LLM} Inference with M{\"u}ller \& $\alpha$},
  journal={arXiv preprint arXiv:2401.10774}, year=2024 }
@misc{dao, eprint = {2312.00752v2}, archivePrefix = {arXiv}, primaryClass={cs.LG}, title = "Mamba"}
@misc{hal, eprint={2001.12345}, archiveprefix={HAL}, title={A paper that HAL keeps}}
@article{dblp, journal={CoRR}, volume={abs/1706.03762}, title={Attention Is All You Need}}
@inproceedings{braces, title = "A " # {title in} # " pieces", abstract={We {do}
  it.}, url={https://example.org/2401.10770}}
@book{short, title={Algorithms}}
@article{open, title={A brace that is never closed, year=2020
@article{after, title={What comes after a broken entry}, doi={10.48550/arXiv.2005.14165}}
"""


def test_a_bibtex_export_is_read_entry_by_entry():
    """Ids wherever programs put them, TeX as letters, no id of another archive; what tells nothing is counted."""
    found = pasted.read(BIBTEX)

    assert found.seeds == (
        "2401.10774",
        "2312.00752",
        "A paper that HAL keeps",
        "1706.03762",
        "A title in pieces\n\nWe do it.",
        "A brace that is never closed, year=2020",
        "2005.14165",
    )
    assert found.left_out == 1
    assert found.mistakes == ()


def test_titles_without_an_id_are_read_without_their_tex():
    """Accents, formulas and braces as a reader writes them."""
    entry = r"@article{x, title={{\"U}ber $\alpha$-Decay in {\'e}tale {H}eaps}}"

    assert pasted.read(entry).seeds == ("Über α-Decay in étale Heaps",)


RIS = f"""\ufeffTY  - JOUR
TI  - {MEDUSA}
AB  - We present
 a new thing.
UR  - https://example.org/x
UR  - http://arxiv.org/abs/2401.10774
ER  -\x20

TY  - CONF
T1  - A paper that is nowhere else
N2  - Its abstract.
TY  - BOOK
TI  - Algorithms
ER  -
"""


def test_a_ris_export_is_read_record_by_record():
    """With a byte order mark, values over two lines, a second address, and a record whose end is missing."""
    found = pasted.read(RIS)

    assert found.seeds == ("2401.10774", "A paper that is nowhere else\n\nIts abstract.")
    assert found.left_out == 1


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_csl_json_export_is_read_item_by_item(wrapped):
    """As Zotero, Zotero's own listing, and CSL write it; what is no text counts as nothing."""
    items = [
        {"id": "a", "title": "One", "number": "arXiv:2401.10774"},
        {"id": "b", "title": "Two", "DOI": "10.48550/arXiv.2312.00752"},
        {"id": "c", "title": "Three <i>words</i> &amp; more", "abstract": "<jats:p>Told.</jats:p>", "note": None},
        {"id": "d", "title": ["no", "text"], "URL": 7},
        "no item",
    ]
    found = pasted.read(json.dumps({"items": items} if wrapped else items, indent=1))

    assert found.seeds == ("2401.10774", "2312.00752", "Three words & more\n\nTold.")
    assert found.left_out == 1


def test_ids_before_an_export_count_too():
    """A list and an export in one text."""
    assert pasted.read(f"2401.10774\n\n{BIBTEX[BIBTEX.index('@misc{dao') :]}").seeds[:2] == ("2401.10774", "2312.00752")


@pytest.mark.parametrize(
    "hostile",
    [
        "@a{x," * 20_000,
        "@a{x,title={" * 10_000,
        "}   " * 10_000 + "@a{x}",
        "TY  - x\n" + "AB  - a\n" * 20_000,
        "TY  - x\n" + "x\n" * 50_000,
        "[" * 50_000,
        '{"items":' * 20_000,
        "@a{b, title={" + "\\a{" * 5_000 + "}}",
        "@a{b, title={" + "<i" * 5_000 + "}}",
        "2401.10774\n" * 10_000,
        "arXiv:" * 20_000,
        "\n" * 100_000 + "x",
    ],
)
def test_nothing_that_is_pasted_breaks_the_reading(hostile):
    """Heaps of beginnings without an end: few papers or none, and no exception."""
    assert len(pasted.read(hostile).seeds) <= 1


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read(text):
    """Whatever is typed: papers that the roster would take too, and sentences."""
    found = pasted.read(text)

    assert pasted.read(pasted.write(found.seeds)).mistakes == ()
    assert all(sentence for sentence in found.mistakes)


def test_no_more_entries_are_read_than_anybody_may_have():
    """A library of thousands is not read to its end."""
    entries = "\n".join(f"@misc{{x{n}, eprint={{2401.{n:05}}}}}" for n in range(libraries.MOST + 50))

    assert len(pasted.read(entries).seeds) == libraries.MOST


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é".encode(), "é"),
        (b"\xef\xbb\xbf" + "é".encode(), "é"),
        ("é".encode("utf-16"), "é"),
        ("é".encode("cp1252"), "é"),
        (b"", ""),
    ],
)
def test_a_file_is_read_in_the_encodings_that_programs_write(content, text):
    """UTF-8 with and without a mark, UTF-16, and the Windows one."""
    assert pasted.decoded(content) == text


@pytest.mark.parametrize("content", [b"%PDF-1.7 ...", b"PK\x03\x04\x00\x00"])
def test_a_file_that_is_no_text_is_one_sentence(content):
    """A paper itself is not what is asked for."""
    with pytest.raises(ValueError, match="no text file"):
        pasted.decoded(content)
