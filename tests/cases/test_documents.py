"""The papers of legal aid: complete, in both formats, whatever they are filled with."""

import datetime as dt
import io
import re
import shutil
import unicodedata
import zipfile
from pathlib import Path

import docx
import docx.document
import pypdfium2
import pytest
import zxingcpp
from docx.table import Table
from PIL import Image
from pydantic import ValidationError
from pypdf import PdfReader

from cases.__main__ import main
from cases.documents import (
    check_forms,
    check_template,
    file_name,
    render,
    render_docx,
    render_pdf,
    template_name,
    template_of,
)
from cases.form_blanks import wording
from cases.form_data import LONGEST, Act, Format, FormData, FormId, Group, Standing
from cases.life import Ground, ProviderGround
from cases.limits import Form
from cases.province import Province, load_province
from cases.slip import Slip, render_slip
from cases.typeset import FORMS, qr_png
from store.datafile import DataFileError

CA_MAU = load_province("ca-mau")
ROOT = Path(__file__).parents[2]
OURS = {(form, kind) for form in FormId for kind in Format}

FULL = FormData(
    name="Nguyễn Thị Ộ Ẵm",
    born="12/03/1958",
    gender="Nữ",
    ethnic_group="Khmer",
    id_number="096158001234",
    address="ấp Kinh Hòn, xã Đá Bạc",
    phone="0912 345 678",
    requester="Trần Văn Nghĩa",
    requester_born="1980",
    requester_id_number="096080004321",
    requester_address="khóm 3, phường Tân Thành",
    requester_phone="0987 654 321",
    relation="con ruột",
    groups=(Group(name="Người thuộc hộ nghèo", law="Điều 7 khoản 2"),),
    field="Đất đai, nhà ở",
    matter="Con ông Tư đòi lại vuông tôm.\nẤp đã hòa giải hai lần.",
    request="Cử người bảo vệ quyền lợi tại tòa.",
    reasons="Đã nộp đơn từ đầu tháng.",
    aid=frozenset({Form.LITIGATION}),
    papers=("Giấy chứng nhận hộ nghèo", "Biên bản hòa giải"),
    provider="Lê Minh Đạt",
    chosen_provider="Phạm Ngọc Ẩn",
    provider_grounds=frozenset({ProviderGround.NOT_IMPARTIAL}),
    complained="Phòng tiếp dân",
    acts=frozenset({Act.REFUSED}),
    ground=Ground.NOT_COVERED,
    receiving_office="Trung tâm tỉnh An Giang",
    receiving_address="đường Tôn Đức Thắng",
    receiving_phone="0296 111 222",
    commune="xã Đá Bạc",
    standing=frozenset({Standing.VICTIM}),
    attitude=5,
    responsibility=4,
    skill=3,
    satisfaction=5,
    comment="Cô nói chuyện dễ hiểu.",
    office="Chi nhánh Trần Văn Thời",
    number="12/TB-TGPL",
    received_on=dt.date(2026, 2, 3),
    received_by="Lê Thị Lan",
    signer="Vũ Văn Ký",
    on=dt.date(2026, 11, 23),
    register_code="CN1.TT.01.2026",
    case_code="7KQ2M-4XN8P",
    deadlines=("Trả lời trước hết ngày 26/11/2026.",),
    qr="https://tram.example.vn/?start=h7KQ2M4XN8P",
)

HOSTILE = (
    '#panic("x") #import "/etc/passwd" *b* _i_ $1/0$ @ref <label> \\ ` [ ] // /* = - +',
    "{{ name }} {% for x in y %} {# #} {{ ''.__class__.__mro__ }} {_{ }_}",
    "<w:p><script>alert(1)</script>&amp; &#0; ]]> <!-- \"'",
    "n\nn\r\nn\u2028n" * 9,
    unicodedata.normalize("NFD", "Ệ Ộ ữ ẵ đ"),
    "😀👩‍👩‍👧‍👦🇻🇳 ភាសាខ្មែរ 漢字 \u202etxet denrut\u202c ẵ",
    "\x00\x01\x07\x08\x0b\x0c\x1b\x7f\ufffe\uffff\t\r\n",
    "   ",
)


def words_of_pdf(content: bytes, first: int | None = None) -> str:
    """The words of the first pages, or of all."""
    pages = PdfReader(io.BytesIO(content)).pages[:first]
    return " ".join("\n".join(page.extract_text() for page in pages).split())


def words_of_docx(content: bytes) -> str:
    paper = docx.Document(io.BytesIO(content))
    told = [p.text for section in paper.sections for p in section.header.paragraphs]
    return " ".join(" ".join((*told, *_lines(paper))).split())


def _lines(part: docx.document.Document | Table) -> list[str]:
    if isinstance(part, Table):
        return [p.text for row in part.rows for cell in row.cells for p in cell.paragraphs]
    lines = [p.text for p in part.paragraphs]
    return lines + [line for table in part.tables for line in _lines(table)]


def words_of(kind: Format, content: bytes, first: int | None = None) -> str:
    return words_of_pdf(content, first) if kind is Format.PDF else words_of_docx(content)


def with_own(name: str, content: bytes) -> Province:
    """The province, with a template of its own."""
    return CA_MAU.model_copy(update={"forms": {name: content}})


def shipped(form: FormId, kind: Format) -> bytes:
    return (FORMS / template_name(form, kind)).read_bytes()


def told_of(form: FormId) -> list[str]:
    """What of `FULL` must be readable on a form: everything that it must hold."""
    told = {
        "groups": ["Người thuộc hộ nghèo (Điều 7 khoản 2)"],
        "aid": ["Tham gia tố tụng", "Tư vấn pháp luật"],
        "papers": list(FULL.papers),
        "acts": list(wording().acts.values()),
        "provider_grounds": [one.said for one in wording().provider.values()],
        "ground": [wording().refusal[Ground.NOT_COVERED].said],
        "complaint": ["03 ngày làm việc", "15 ngày", "Tòa án", "Sở Tư pháp tỉnh Cà Mau"],
        "standing": list(wording().standing.values()),
        "commune": ["xã Đá Bạc"],
        **{one: ["Hài lòng"] for one in ("attitude", "responsibility", "skill", "satisfaction")},
    }
    return [
        line
        for blank in wording().forms[form].must_hold
        for line in told.get(blank, str(getattr(FULL, blank, "")).splitlines())
    ]


@pytest.mark.parametrize(("form", "kind"), sorted(OURS))
def test_a_full_paper_tells_all_that_it_must_hold(form: FormId, kind: Format) -> None:
    told = words_of(kind, render(form, kind, FULL, CA_MAU))

    for line in told_of(form):
        assert line in told
    assert "7KQ2M-4XN8P" in told
    assert "CN1.TT.01.2026" in told


@pytest.mark.parametrize(("form", "kind"), sorted(OURS))
def test_a_paper_nobody_filled_shows_no_word_of_the_program(form: FormId, kind: Format) -> None:
    told = words_of(kind, render(form, kind, FormData(), CA_MAU))

    assert "Cà Mau, ngày …… tháng …… năm 20……" in told
    assert "Trung tâm Trợ giúp pháp lý nhà nước tỉnh Cà Mau".lower() in told.lower()
    for slip in ("None", "{{", "{%", "Undefined", "Mã yêu cầu", "Thời hạn cần nhớ"):
        assert slip not in told


@pytest.mark.parametrize("form", FormId)
def test_what_is_not_known_becomes_a_dotted_line_to_write_on(form: FormId) -> None:
    known, unknown = (
        PdfReader(io.BytesIO(render_pdf(form, data, CA_MAU))).pages[0].get_contents()
        for data in (FULL, FormData())
    )
    assert known is not None
    assert unknown is not None

    dashed = re.compile(rb"\[0\.1 2\.8\] ?0 d")
    assert len(dashed.findall(unknown.get_data())) > len(dashed.findall(known.get_data())) + 3
    assert "………" in words_of_docx(render_docx(form, FormData(), CA_MAU))
    assert "………" not in words_of_docx(render_docx(form, FULL, CA_MAU))


@pytest.mark.parametrize("bad", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("kind", Format)
def test_whatever_is_written_stays_words(kind: Format, bad: str) -> None:
    everywhere = {
        name: bad
        for name, field in FormData.model_fields.items()
        if field.annotation is str and name != "qr"
    }
    data = FormData(
        **everywhere, papers=(bad,), deadlines=(bad,), groups=(Group(name=bad, law=bad),)
    )
    for form in FormId:
        content = render(form, kind, data, CA_MAU)

        told = words_of(kind, content, first=1).replace("\u200b", "")
        assert wording().forms[form].title.split("\n")[0].upper() in told.upper()


@pytest.mark.parametrize("long", ["a" * 10_000, "một hai " * 1_250, "dòng\n" * 400])
@pytest.mark.parametrize(("form", "kind"), sorted(OURS))
def test_a_story_of_ten_thousand_letters_fits_every_paper(
    form: FormId, kind: Format, long: str
) -> None:
    data = FormData(name=long[:300], matter=long, reasons=long[:3_000])

    assert len(render(form, kind, data, CA_MAU)) > 5_000


@pytest.mark.parametrize("kind", Format)
def test_markup_is_shown_as_it_was_written(kind: Format) -> None:
    written = "#panic(1) *b* $x$ \\n {{ name }} {% if %} <b>&amp;"

    told = words_of(kind, render(FormId.FORM_05, kind, FormData(matter=written), CA_MAU))

    assert written in told


@pytest.mark.parametrize("kind", Format)
def test_letters_come_composed_and_directions_are_not_turned(kind: Format) -> None:
    name = unicodedata.normalize("NFD", "Đặng Thị Ệ") + "\u202e\u0007"

    told = words_of(kind, render(FormId.FORM_05, kind, FormData(name=name), CA_MAU))

    assert "Đặng Thị Ệ" in told
    assert "\u202e" not in told


def test_a_long_story_goes_on_over_the_page_and_nothing_of_it_is_lost() -> None:
    story = " ".join(f"chữ{number}" for number in range(2_000))

    content = render_pdf(FormId.FORM_02, FormData(matter=story), CA_MAU)

    assert len(PdfReader(io.BytesIO(content)).pages) > 3
    assert {f"chữ{number}" for number in range(2_000)} <= set(words_of_pdf(content).split())


def test_a_word_longer_than_a_line_is_broken_rather_than_cut() -> None:
    content = render_pdf(FormId.FORM_05, FormData(matter="m" * 400), CA_MAU)

    shown = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert shown.count("m" * 30) > 5
    assert max(len(line) for line in shown.splitlines()) < 120


def test_more_than_a_blank_holds_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as refused:
        FormData(matter="bí mật " * LONGEST)

    assert "bí mật" not in str(refused.value)


def test_what_was_never_meant_to_be_a_blank_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        FormData.model_validate({"nmae": "Lan"})


# --- what the law asks of them ------------------------------------------------------------------


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize("kind", Format)
def test_a_refusal_names_the_grounds_article_and_how_to_complain(
    kind: Format, ground: Ground
) -> None:
    data = FormData(ground=ground, stopped=ground.only_accepted)

    told = words_of(kind, render(FormId.FORM_08, kind, data, CA_MAU))

    assert wording().refusal[ground].said in told
    assert wording().refusal[ground].law in told
    assert "Điều 45" in told
    assert ("không tiếp tục thực hiện" in told) == ground.only_accepted
    assert ("từ chối thụ lý" in told) != ground.only_accepted


def test_only_what_applies_is_ticked() -> None:
    told = words_of_docx(render_docx(FormId.FORM_04, FULL, CA_MAU))

    assert told.count("☒") == 1
    assert f"☒ {wording().provider[ProviderGround.NOT_IMPARTIAL].said}" in told


def test_a_branch_writes_under_the_centre_and_the_centre_under_the_department() -> None:
    branch = words_of_pdf(render_pdf(FormId.FORM_08, FULL, CA_MAU))
    centre = words_of_pdf(render_pdf(FormId.FORM_08, FormData(), CA_MAU))

    assert "TRƯỞNG CHI NHÁNH" in branch
    assert branch.index("TRUNG TÂM TRỢ GIÚP") < branch.index("CHI NHÁNH TRẦN VĂN THỜI")
    assert "GIÁM ĐỐC" in centre
    assert centre.index("SỞ TƯ PHÁP") < centre.index("TRUNG TÂM TRỢ GIÚP")


def test_who_asks_for_somebody_else_signs_the_request_and_nothing_else() -> None:
    request = words_of_docx(render_docx(FormId.FORM_02, FULL, CA_MAU))
    withdrawal = words_of_docx(render_docx(FormId.FORM_05, FULL, CA_MAU))

    assert request.count("Trần Văn Nghĩa") == 2
    assert "Trần Văn Nghĩa" not in withdrawal


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (dt.date(2026, 2, 3), "ngày 03 tháng 02 năm 2026"),
        (dt.date(2026, 11, 23), "ngày 23 tháng 11 năm 2026"),
        (dt.date(2027, 3, 9), "ngày 09 tháng 3 năm 2027"),
    ],
)
def test_days_are_written_as_in_state_letters(day: dt.date, told: str) -> None:
    assert f"Cà Mau, {told}" in words_of_docx(render_docx(FormId.FORM_05, FormData(on=day), CA_MAU))


@pytest.mark.parametrize("kind", Format)
def test_another_province_puts_its_own_names_on_the_same_papers(kind: Format) -> None:
    small = load_province(ROOT / "tests" / "provinces" / "an-giang-nho")

    for form in FormId:
        told = words_of(kind, render(form, kind, FormData(), small), first=1)

        assert small.about.centre.lower() in told.lower()
        assert "Cà Mau" not in told


def test_the_qr_code_on_a_docx_paper_says_what_it_was_given() -> None:
    paper = docx.Document(io.BytesIO(render_docx(FormId.FORM_02, FULL, CA_MAU)))

    (picture,) = [part for part in paper.part.related_parts.values() if "image" in part.partname]

    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.blob)))
    assert code.text == FULL.qr


@pytest.mark.parametrize("form", FormId)
def test_a_phone_reads_the_code_of_the_case_from_a_printed_page(form: FormId) -> None:
    pages = pypdfium2.PdfDocument(render_pdf(form, FULL, CA_MAU))

    codes = [
        code.text
        for page in pages
        for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    ]

    assert codes == [FULL.qr]


def test_a_qr_code_carries_vietnamese_words() -> None:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png("xã Đá Bạc – hồ sơ"))))

    assert code.text == "xã Đá Bạc – hồ sơ"


def test_pdf_pages_are_a4_name_themselves_and_can_be_read_aloud() -> None:
    reader = PdfReader(io.BytesIO(render_pdf(FormId.FORM_02, FULL, CA_MAU)))

    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    assert reader.metadata is not None
    assert reader.metadata.title == "ĐƠN YÊU CẦU TRỢ GIÚP PHÁP LÝ"
    assert str(reader.root_object["/Lang"]) == "vi-VN"
    assert "/StructTreeRoot" in reader.root_object


def test_the_same_data_make_the_same_pdf() -> None:
    first = render_pdf(FormId.FORM_08, FULL, CA_MAU)

    assert first == render_pdf(FormId.FORM_08, FULL, CA_MAU)


def test_a_files_name_gives_nobody_away() -> None:
    name = file_name(FormId.FORM_02, Format.PDF, FULL)

    assert name == "mau-02-CN1-TT-01-2026.pdf"


# --- templates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "kind"), sorted(OURS))
def test_our_wording_says_on_the_paper_that_it_is_a_sample(form: FormId, kind: Format) -> None:
    told = words_of(kind, render(form, kind, FormData(), CA_MAU))

    assert wording().mark in told
    assert not template_of(form, kind, CA_MAU).official


@pytest.mark.parametrize(("form", "kind"), sorted(OURS))
def test_the_mark_goes_with_the_centres_own_template_of_that_format_only(
    form: FormId, kind: Format
) -> None:
    province = with_own(template_name(form, kind), shipped(form, kind))

    for other in Format:
        told = words_of(other, render(form, other, FULL, province))
        assert (wording().mark in told) == (other is not kind)
    assert template_of(form, kind, province).official


def _docx_of(*lines: str) -> bytes:
    paper = docx.Document()
    for line in lines:
        paper.add_paragraph(line)
    written = io.BytesIO()
    paper.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("form", "name", "content", "reason"),
    [
        (FormId.FORM_05, "form-05.docx", _docx_of("{{ name }}"), "lacks the blank matter"),
        (FormId.FORM_05, "form-05.docx", _docx_of("{{ nmae }}"), "names nmae; there are .*name"),
        (FormId.FORM_05, "form-05.docx", _docx_of("{{ name "), "can't be used"),
        (FormId.FORM_05, "form-05.docx", _docx_of("{% if name %}"), "can't be used"),
        (
            FormId.FORM_05,
            "form-05.docx",
            _docx_of("{{ name.__class__.__mro__ }} {{ matter }}"),
            "can't be used: .*unsafe",
        ),
        (FormId.FORM_05, "form-05.docx", b"no document", "can't be used"),
        (FormId.FORM_05, "form-05.typ", b"Xin ch\xe0o", "can't be set"),
        (FormId.FORM_05, "form-05.typ", b"#let", "can't be set: .*expected"),
        (
            FormId.FORM_05,
            "form-05.typ",
            b'#import "letter.typ": *\n#field([A], "name")',
            "lacks the blank matter",
        ),
        (
            FormId.FORM_05,
            "form-05.typ",
            b'#import "letter.typ": *\n#field([A], "nmae")',
            "can't be set: .*nmae",
        ),
        (FormId.FORM_05, "form-05.typ", b'#read("../documents.py")', "can't be set"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_with_its_name_and_the_reason(
    form: FormId, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(DataFileError, match=reason) as refused:
        check_forms(with_own(name, content))

    assert refused.value.path == Path("ca-mau", "forms", name)


def test_a_file_that_is_no_template_is_told_with_the_names_there_are() -> None:
    with pytest.raises(DataFileError, match=r"form-99.docx: is no form's template.*form-02.docx"):
        check_forms(with_own("form-99.docx", b""))


def test_a_template_that_unpacks_to_too_much_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", b"0" * 21 * 1024 * 1024)

    with pytest.raises(DataFileError, match="too large"):
        check_template(FormId.FORM_05, Format.DOCX, packed.getvalue(), Path("form-05.docx"))


def test_a_template_may_leave_out_what_the_law_does_not_ask_for() -> None:
    own = _docx_of("{{ name }} xin rút: {{ matter }}")

    told = words_of_docx(render_docx(FormId.FORM_05, FULL, with_own("form-05.docx", own)))

    assert told.startswith("Nguyễn Thị Ộ Ẵm xin rút: Con ông Tư đòi lại vuông tôm.")


def test_a_provinces_folder_of_templates_is_read_with_the_province(tmp_path: Path) -> None:
    folder = tmp_path / "an-giang-nho"
    shutil.copytree(ROOT / "tests" / "provinces" / "an-giang-nho", folder)
    (folder / "forms").mkdir()
    (folder / "forms" / "form-05.docx").write_bytes(_docx_of("{{ name }} {{ matter }}"))
    (folder / "forms" / "README.md").write_text("Ghi chú", "utf-8")
    (folder / "forms" / "~$orm-05.docx").write_bytes(b"what an open editor leaves")

    province = load_province(folder)

    assert set(province.forms) == {"form-05.docx"}
    assert template_of(FormId.FORM_05, Format.DOCX, province).official


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Format)
def test_the_command_fills_a_paper_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Format
) -> None:
    data, out = tmp_path / "data.json", tmp_path / f"paper.{kind}"
    data.write_text(FULL.model_dump_json(), "utf-8")
    monkeypatch.setattr("sys.argv", ["cases", *_form("05", data, out)])

    assert main() == 0

    assert "Con ông Tư đòi lại vuông tôm." in words_of(kind, out.read_bytes())


@pytest.mark.parametrize(
    ("number", "data", "out", "reason"),
    [
        ("05", '{"nmae": "Lan"}', "x.pdf", "nmae: Extra inputs"),
        ("05", '{"on": "hôm qua"}', "x.pdf", "on: Input should be a valid date"),
        ("05", "không phải JSON", "x.pdf", "the file: Invalid JSON"),
        ("05", None, "x.pdf", "No such file"),
        ("07", "{}", "x.pdf", "--form is one of 02, 03"),
        ("05", "{}", "x.odt", "--out ends with .pdf or .docx"),
    ],
)
def test_the_command_tells_in_one_line_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: str,
    data: str | None,
    out: str,
    reason: str,
) -> None:
    source = tmp_path / "data.json"
    if data is not None:
        source.write_text(data, "utf-8")
    monkeypatch.setattr("sys.argv", ["cases", *_form(number, source, tmp_path / out)])

    assert main() == 2

    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1
    assert not (tmp_path / out).exists()


def _form(number: str, data: Path, out: Path) -> list[str]:
    return ["form", "--form", number, "--data", str(data), "--out", str(out)]


def test_the_page_about_forms_tells_every_blank_and_every_form() -> None:
    page = (ROOT / "docs" / "forms.md").read_text("utf-8")

    for name in FormData.model_fields:
        assert f"`{name}`" in page
    for form in FormId:
        assert f"| {form.number} |" in page
        for name in wording().forms[form].must_hold:
            assert f"`{name}`" in page


def test_a_slip_with_everything_on_it_stays_on_its_half_sheet() -> None:
    slip = Slip(
        office="Trung tâm Trợ giúp pháp lý nhà nước tỉnh Cà Mau",
        address="Số 23, đường 3 tháng 2, khóm 4, phường Lý Văn Lâm, gần Ủy ban nhân dân phường",
        phone="0290 3 123 456",
        hours="Thứ Hai, Thứ Ba, Thứ Tư, Thứ Năm, Thứ Sáu: 07:00–11:00, 13:00–17:00",
        code="412JC-ASCFR",
        pin="217963",
        day="24/11/2026",
        next="Cán bộ xem giấy tờ và trả lời. Nơi này thường trả lời trong khoảng 6 giờ làm việc. "
        "Mốc trung tâm tự đặt để xem và trả lời: 17:00 thứ Tư 25/11/2026.",
        web="https://tram.camau.gov.vn/",
    )

    paper = render_slip(slip, CA_MAU)

    assert len(PdfReader(io.BytesIO(paper)).pages) == 1
    told = words_of_pdf(paper)
    for said in (slip.office, "khóm 4", slip.phone, slip.hours, slip.code, slip.pin):
        assert said in told.replace("07:00– 11:00", "07:00–11:00"), said
