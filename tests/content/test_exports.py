from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from material import ROOT

from callinsight.content.export_words import NAMES
from callinsight.content.exports import (
    OURS,
    ExportMapping,
    check_columns,
    load_mapping,
    made_id,
    read_export,
)
from callinsight.content.front_matter import read_folder
from callinsight.content.recognising import columns_of, mapping_text, recognised
from callinsight.errors import ConfigError, InputError
from callinsight.records import ContentItem
from callinsight.sheets import read_rows
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
EXAMPLE = ROOT / "content_inventory" / "example"


@pytest.fixture
def mapping(tmp_path):
    def write(text: str) -> ExportMapping:
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)

    return write


@pytest.fixture
def export(tmp_path):
    def write(*lines: str, encoding: str = "utf-8") -> tuple[list[str], list]:
        path = tmp_path / "export.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return read_rows(path, known=[name for names in NAMES.values() for name in names])

    return write


def read(rows, mapping):
    return read_export(rows, mapping, TAXONOMY, source="import export.csv")


BASE = '[columns]\ntitle = "Name"\ncontent_type = "Kind"\n'


class TestReading:
    def test_a_whole_row(self, export, mapping):
        told = mapping(
            """
            [columns]
            title = "Name"
            url = "Link"
            content_type = "Kind"
            summary = "Teaser"
            topics = ["Section", "Tags"]
            personas = "For"
            published_on = "Day"
            owner = "By"
            cost = "Spent"
            [templates]
            asset_id = "cms-{Number}"
            [values.content_type]
            "Blog Post" = "blog"
            [values.personas]
            developers = "technical_evaluator"
            everybody = ""
            [constants]
            language = "en"
            [defaults]
            owner = "Marketing"
            [formats]
            dates = ["%d/%m/%Y"]
            """
        )
        header, rows = export(
            "Number,Name,Link,Kind,Teaser,Section,Tags,For,Day,By,Spent",
            '7,R&amp;D  <b>news</b>,https://example.org/a,blog-post,"One &lt;b&gt;two&lt;/b&gt;",'
            '"a/b","x, y|z","Developers, everybody, Champion",31/10/2026,,€1200',
        )
        check_columns(told, header, "export.csv")

        assert read(rows, told).items == (
            ContentItem(
                id="cms-7",
                title="R&D news",
                content_type="blog",
                url="https://example.org/a",
                summary="One two",
                personas=("technical_evaluator", "champion"),
                stages=("awareness",),
                topics=("a/b", "x", "y", "z"),
                owner="Marketing",
                published_on="2026-10-31",
                review_period_days=365,
                language="en",
                cost=1200.0,
                source="import export.csv",
                listed_at="export.csv:2",
            ),
        )

    def test_a_word_that_nothing_translates_is_told_once(self, export, mapping):
        told = mapping(BASE)
        _, rows = export("Name,Kind", "A,page", "B,page", "C,blog", "D,page", "E,page", "F,film")
        done = read(rows, told)

        types = ", ".join(list(TAXONOMY.content_types)[1:])
        assert [item.title for item in done.items] == ["C"]
        assert done.problems == (
            (
                "export.csv:2, export.csv:3, export.csv:5 and 1 more: 'page' is no content_type; write "
                f"what it means below [values.content_type] in {told.where}, such as "
                f'"page" = "blog" (or {types})'
            ),
            (
                "export.csv:7: 'film' is no content_type; write what it means below "
                f'[values.content_type] in {told.where}, such as "film" = "blog" (or {types})'
            ),
        )

    def test_a_persona_of_theirs_stays_so_that_the_item_serves_nobody_else(self, export, mapping):
        told = mapping(BASE + 'personas = "For"\n')
        _, rows = export("Name,Kind,For", "A,blog,Plumbers")
        done = read(rows, told)

        assert done.items[0].personas == ("Plumbers",)
        assert done.notes == (
            (
                f"{done.items[0].id}: 'Plumbers' is none of your personas; write what it means below "
                f'[values.personas] in {told.where}, or "" to drop it'
            ),
        )

    @pytest.mark.parametrize(
        ("cell", "day"),
        [
            ("2026-10-31", "2026-10-31"),
            ("2026-10-31T23:59:00Z", "2026-10-31"),
            ("31.10.2026", "2026-10-31"),
            ("Oct 31, 2026", "2026-10-31"),
            ("31 October 2026", "2026-10-31"),
            ("Sat, 31 Oct 2026 10:00:00 +0000", "2026-10-31"),
            ("", ""),
        ],
    )
    def test_dates_that_have_one_meaning(self, export, mapping, cell, day):
        _, rows = export("Name,Kind,Day", f'A,blog,"{cell}"')
        assert read(rows, mapping(BASE + 'published_on = "Day"\n')).items[0].published_on == day

    def test_a_year_that_nobody_means_is_told(self, export, mapping):
        told = mapping(BASE + 'expires_on = "Day"\nreview_period_days = "Review"\n')
        _, rows = export("Name,Kind,Day,Review", "A,blog,9999-12-31,", "B,blog,,3000000")
        assert read(rows, told).problems == (
            "export.csv:2: expires_on is '9999-12-31'; write a date from 1990 to 2199, or nothing",
            (
                "export.csv:3: review_period_days is '3000000'; write at most 36500, or nothing for "
                "what its type has"
            ),
        )

    def test_a_date_that_has_two_meanings_asks(self, export, mapping):
        told = mapping(BASE + 'published_on = "Day"\n')
        _, rows = export("Name,Kind,Day", "A,blog,03/04/2026")
        assert read(rows, told).problems == (
            (
                "export.csv:2: published_on is '03/04/2026', and nothing says how to read it; write its "
                f'form below [formats] in {told.where}, such as dates = ["%d/%m/%Y"] for 31/10/2026'
            ),
        )

    def test_an_empty_title(self, export, mapping):
        told = mapping(BASE)
        _, rows = export("Name,Kind", ",blog")
        assert read(rows, told).problems == (
            (
                "export.csv:2: name is empty, so nothing says the title; fill it in, or write "
                f'title = "..." below [defaults] in {told.where}'
            ),
        )

    def test_of_one_id_the_last_row_counts_and_is_told(self, export, mapping):
        _, rows = export("Name,Kind,Id", "A,blog,1", "B,blog,1")
        done = read(rows, mapping(BASE + 'asset_id = "Id"\n'))
        assert [item.title for item in done.items] == ["B"]
        assert done.notes == ("export.csv:3: the same asset as export.csv:2 (1); this row counts",)

    def test_the_innermost_folder_counts_and_an_unknown_type_is_told(self, export, mapping):
        _, rows = export("Name,Kind,Link", "A,blog,/docs/help/faq", "B,blog,/docs/b", "C,blog,/c")
        told = (
            'url = "Link"\n[folders]\n"Docs" = "data_sheet"\n"help" = "onboarding"\n"c" = "leaf"\n'
        )

        found = read(rows, mapping(BASE + told))

        assert [item.content_type for item in found.items] == ["onboarding", "data_sheet"]
        (problem,) = found.problems
        assert problem.startswith(
            "export.csv:4: 'leaf' is no content_type; write what it means below [values.content_type]"
        )
        mended = read(rows, mapping(BASE + told + '[values.content_type]\n"leaf" = "video"\n'))
        assert [item.content_type for item in mended.items][2:] == ["video"]

    def test_rows_to_skip(self, export, mapping):
        _, rows = export("Name,Kind,State", "A,blog,Trash", "B,blog,Live")
        done = read(rows, mapping(BASE + '[skip]\nState = "trash"\n'))
        assert ([item.title for item in done.items], done.skipped) == (["B"], 1)


class TestIds:
    def test_an_address_keeps_its_id_whatever_the_title(self):
        assert made_id("https://www.example.org/blog/a-day/", "One") == made_id(
            "http://example.org/blog/a-day", "Two"
        )
        assert made_id("https://example.org/blog/a-day", "") != made_id(
            "https://example.org/docs/a-day", ""
        )
        assert made_id("https://example.org/?p=1", "") != made_id("https://example.org/?p=2", "")
        assert made_id("https://example.org/a?utm_source=x", "") == made_id(
            "https://example.org/a", ""
        )

    def test_else_the_title(self):
        assert made_id("", "Price  List") == made_id("", "price list")
        assert made_id("", "Price List").startswith("price-list-")


class TestMapping:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[column]\n", "the top level has no setting 'column'; did you mean 'columns'?"),
            (
                '[columns]\nowners = "x"\n',
                "[columns] has no setting 'owners'; did you mean 'owner'?",
            ),
            ("columns = 1\n", "'columns' must be a table: write [columns] above its settings"),
            (
                '[columns]\ntitle = "x"\n',
                (
                    'nothing says the content_type; write content_type = "COLUMN" below [columns], or '
                    'content_type = "..." below [constants]'
                ),
            ),
            (
                BASE + "[folders]\ndocs = 1\n",
                "[folders] docs must be text in quotes",
            ),
            (
                "[columns]\ntitle = 1\n",
                '[columns] title must be text in quotes, or a list such as ["one", "two"]',
            ),
        ],
    )
    def test_what_cannot_be_used_is_named(self, mapping, tmp_path, text, message):
        with pytest.raises(ConfigError) as caught:
            mapping(text)
        assert str(caught.value) == f"{tmp_path / 'mapping.toml'}: {message}"

    def test_a_column_that_is_not_there(self, export, mapping):
        told = mapping(BASE + 'url = "Lnk"\n')
        header, _ = export("Name,Kind,Link", "A,blog,x")
        with pytest.raises(InputError) as caught:
            check_columns(told, header, "export.csv")
        assert str(caught.value) == (
            f"export.csv: there is no column 'lnk', which [columns] url of {told.where} names; "
            "did you mean 'link'?"
        )


class TestRecognising:
    def test_all_of_our_columns_have_names_that_people_use(self):
        assert set(NAMES) == set(OURS)

    def test_columns_by_the_names_that_platforms_use(self):
        header = ["post id", "post title", "permalink", "post type", "tags", "categories", "x"]
        assert columns_of(header) == {
            "asset_id": ("post id",),
            "title": ("post title",),
            "content_type": ("post type",),
            "url": ("permalink",),
            "topics": ("tags", "categories"),
        }

    def test_a_german_sheet_is_read_as_it_is(self, export):
        header, rows = export(
            "Titel,Typ,Adresse,Zielgruppe,Phase,Verantwortlich,Stand,Gültig bis,Zustand,Kosten",
            "Was die Einführung kostet,Fallstudie,https://x.example/a,Geschäftsführung,Entscheidung,Mara,"
            '03.02.2026,31.12.2026,veröffentlicht,"1.200,50"',
        )

        (item,) = read(rows, recognised(header, TAXONOMY, "inhalte.csv")).items

        assert (item.title, item.content_type, item.url) == (
            *("Was die Einführung kostet", "case_study", "https://x.example/a"),
        )
        assert (item.personas, item.stages) == (("executive_sponsor",), ("decision",))
        assert (item.owner, item.updated_on, item.expires_on) == (
            *("Mara", "2026-02-03", "2026-12-31"),
        )
        assert (item.status, item.cost) == ("live", 1200.5)

    def test_what_cannot_be_recognised_says_what_to_do(self):
        with pytest.raises(InputError) as caught:
            recognised(["headline", "sort"], TAXONOMY, "export.csv")
        assert str(caught.value) == (
            "export.csv: no column can be recognised as the content_type; its columns are headline, "
            "sort. 'callinsight inventory map export.csv' writes a mapping.toml to fill in; name it "
            "with --map"
        )

    def test_folders_tell_the_kinds_of_documentation_apart(self, export, tmp_path):
        header, rows = export(
            "Title,Type,URL",
            "A,documentation,https://x.example/docs/quickstart/flask",
            "B,documentation,https://x.example/docs/self-hosted/0.3/install/helm.html",
            "C,documentation,x.example/docs/getting-started",
            "D,documentation,https://x.example/docs/Release_Notes/2019/",
            "E,documentation,https://x.example/docs/reference/ports",
            "F,documentation,",
            "G,documentation,http://[",
            "H,blog post,https://x.example/blog/tutorial/ports",
        )
        text = mapping_text(header, rows, TAXONOMY, "export.csv")
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")

        items = read(rows, load_mapping(path)).items

        assert {item.title: item.content_type for item in items} == {
            **dict.fromkeys("AB", "implementation_guide"),
            "C": "onboarding",
            "D": "newsletter",
            **dict.fromkeys("EFG", "data_sheet"),
            "H": "blog",
        }
        assert "tutorial" not in text
        assert "[folders]" not in mapping_text(header, rows[-4:], TAXONOMY, "export.csv")

    def test_the_mapping_that_is_written_can_be_read_as_it_is(self, export, tmp_path):
        header, rows = export(
            'Id,"The ""best"" Name",Title,Type,Date,State', "1,x,A,E-Book,2026-10-01,Published"
        )
        text = mapping_text(header, rows, TAXONOMY, "export.csv")
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        told = load_mapping(path)
        check_columns(told, header, "export.csv")
        (item,) = read(rows, told).items

        assert (item.id, item.content_type, item.published_on) == ("1", "ebook", "2026-10-01")
        assert '# Not used: the "best" name' in text


class TestFolder:
    def write(self, folder: Path, name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def test_front_matter_becomes_rows(self, tmp_path):
        self.write(
            tmp_path,
            "blog/one.md",
            "---\ntitle: One\ndate: 2026-10-01\ntags: [a, b]\ndraft: true\nseo:\n  title: S\n---\n"
            "# Head\n\nFirst [words](x) of **it**.\n",
        )
        self.write(tmp_path, "two.MD", '+++\ntitle = "Two"\n+++\nText\n')
        header, rows = read_folder(tmp_path)
        one, two = rows

        assert {"title", "date", "tags", "draft", "seo.title"} < set(header)
        assert one.where == "blog/one.md"
        assert one.cells == {
            "file": "blog/one.md",
            "folder": "blog",
            "stem": "one",
            "heading": "Head",
            "paragraph": "First words of it.",
            "title": "One",
            "date": "2026-10-01",
            "tags": "a;b",
            "draft": "yes",
            "seo.title": "S",
        }
        assert (two.text("title"), two.text("paragraph")) == ("Two", "Text")

    def test_a_draft_is_one(self, tmp_path):
        self.write(tmp_path, "a.md", "---\ntitle: A\ntype: post\ndraft: true\n---\n")
        self.write(tmp_path, "b.md", "---\ntitle: B\ntype: post\ndraft: false\n---\n")
        header, rows = read_folder(tmp_path)
        done = read(rows, recognised(header, TAXONOMY, "content"))
        assert [item.status for item in done.items] == ["draft", "live"]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("---\ntitle: [\n---\n", "its front matter cannot be read (while parsing a flow"),
            (
                "---\nx: !!python/object/apply:os.system ['true']\n---\n",
                "its front matter cannot be read (could not determine a constructor",
            ),
        ],
    )
    def test_what_cannot_be_read_is_a_fault_of_that_file(self, tmp_path, text, fault):
        self.write(tmp_path, "a.md", text)
        self.write(tmp_path, "b.md", "---\ntitle: B\n---\n")
        a, b = read_folder(tmp_path)[1]
        assert a.fault.startswith(fault)
        assert (b.fault, b.text("title")) == ("", "B")

    def test_a_folder_without_markdown(self, tmp_path):
        with pytest.raises(InputError) as caught:
            read_folder(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path}: there is no Markdown file in this folder; name the folder of your pages, "
            "or an export as CSV"
        )


def test_what_is_no_address_still_has_an_id() -> None:
    assert made_id("http://[", "Prices") == made_id("", "http://[")


def test_the_example_is_read_whole() -> None:
    told = load_mapping(EXAMPLE / "mapping.toml")
    header, rows = read_rows(EXAMPLE / "export.csv", known=["headline", "link", "kind"])
    check_columns(told, header, "export.csv")
    done = read_export(rows, told, TAXONOMY, source="import export.csv")

    assert (len(done.items), done.problems, done.notes, done.skipped) == (47, (), (), 1)
    by_title = {item.title: item for item in done.items}
    rise = by_title["Our price rise, explained"]
    assert "£2 more" in rise.summary
    assert rise.topics == ("blog", "pricing")
    assert (rise.published_on, rise.owner, rise.status) == ("2026-02-05", "Ife Okoro", "live")
    assert by_title["Kestrel Heating – one year later"].status == "archived"
    assert "“We already have a spreadsheet”" in by_title
