package extract

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/modules/corpora/internal/adapters/extract/extracttest"
	"parley/modules/corpora/internal/core/document"
	"parley/platform/kernel/apperr"
)

// childArg makes this test binary the child process that a server would start.
const childArg = "extract-child"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArg {
		if err := ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// Compiling the PDF library takes longer than a file may.
	if err := compile(context.Background(), Limits{CacheDir: extracttest.CacheDir()}.withDefaults()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// here reads every file in this process.
func here(l Limits) *Extractor {
	l.CacheDir = extracttest.CacheDir()
	return New(l)
}

// withChild reads PDF as a server does.
func withChild(t testing.TB, l Limits) *Extractor {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l.Child, l.CacheDir = []string{binary, childArg}, extracttest.CacheDir()
	return New(l)
}

func extractWith(x *Extractor, data []byte, name string) (document.Extracted, error) {
	return x.Extract(context.Background(), bytes.NewReader(data), int64(len(data)), document.Hint{Name: name})
}

func mustExtract(t *testing.T, data []byte, name string) document.Extracted {
	t.Helper()
	doc, err := extractWith(here(Limits{}), data, name)
	if err != nil {
		t.Fatalf("extracting %s: %v", name, err)
	}
	checkDocument(t, doc)
	return doc
}

// checkDocument holds for every document, whatever it was read from.
func checkDocument(t *testing.T, doc document.Extracted) {
	t.Helper()
	if doc.Empty() || doc.MIME == "" {
		t.Errorf("an empty document without an error: %+v", doc)
	}
	checkText(t, doc.Title)
	if strings.ContainsRune(doc.Title, '\n') {
		t.Errorf("the title has lines: %q", doc.Title)
	}
	for _, b := range doc.Blocks {
		checkText(t, b.Text)
		if b.Kind != document.Code && strings.ContainsAny(b.Text, "\n\t") {
			t.Errorf("a %v with line breaks: %q", b.Kind, b.Text)
		}
		if strings.TrimSpace(b.Text) == "" {
			t.Error("a blank block")
		}
		if levelled := b.Kind == document.Heading || b.Kind == document.Item; levelled != (b.Level > 0) || b.Kind == document.Heading && b.Level > 6 {
			t.Errorf("a %v of level %d", b.Kind, b.Level)
		}
	}
}

func checkText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("invalid UTF-8: %q", s)
	}
	if strings.ContainsRune(s, 0) {
		t.Errorf("a NUL in %q", s)
	}
}

// checkFailure: every error is of the family and says something to a person.
func checkFailure(t *testing.T, err error) {
	t.Helper()
	var e *apperr.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Code, "corpora.file_") {
		t.Fatalf("an error outside of the family: %v", err)
	}
	if !strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message, "%!") {
		t.Errorf("not a sentence: %q", e.Message)
	}
}

// outline writes blocks in a form that is easy to compare.
func outline(doc document.Extracted) []string {
	var out []string
	for _, b := range doc.Blocks {
		mark := map[document.Kind]string{document.Heading: "h", document.Item: "i", document.Code: "code", document.TableRow: "row"}[b.Kind]
		if b.Level > 0 {
			mark += fmt.Sprint(b.Level)
		}
		if b.Page > 0 {
			mark += fmt.Sprintf("@%d", b.Page)
		}
		if mark != "" {
			mark += ": "
		}
		out = append(out, mark+b.Text)
	}
	return out
}

// pdfOf numbers the objects from 1 and writes the table of their offsets.
// trailer gets what is to stand in the trailer beside /Size.
func pdfOf(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	trailer = strings.ReplaceAll(trailer, "START", fmt.Sprint(start))
	fmt.Fprintf(&b, "trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

func streamOf(dict, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), dict, data)
}

func deflated(data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, data)
	_ = w.Close()
	return b.String()
}

// pdfPagesOf makes a PDF with one page per content stream, in Helvetica.
func pdfPagesOf(info string, contents ...string) []byte {
	const fixed = 4
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< " + info + " >>",
	}
	var kids strings.Builder
	for i, c := range contents {
		page := fixed + 2*i + 1
		fmt.Fprintf(&kids, "%d 0 R ", page)
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>", page+1),
			streamOf("/Filter /FlateDecode", deflated(c)))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d /Resources << /Font << /F1 3 0 R >> >> >>", kids.String(), len(contents))
	return pdfOf("/Root 1 0 R /Info 4 0 R", objects...)
}

// zipOf makes an archive of name, content, name, content ….
func zipOf(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const relsHead = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
const relType = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`

// relsOf makes a .rels part of id, kind, target, id, kind, target ….
func relsOf(entries ...string) string {
	var b strings.Builder
	b.WriteString(relsHead)
	for i := 0; i+2 < len(entries); i += 3 {
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s%s" Target="%s"/>`, entries[i], relType, entries[i+1], entries[i+2])
	}
	return b.String() + "</Relationships>"
}

const coreTitle = `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>Travel policy</dc:title><dc:creator>Ann</dc:creator></cp:coreProperties>`

func docxOf(t testing.TB, body string) []byte {
	return zipOf(t,
		"_rels/.rels", relsOf("rId1", "officeDocument", "word/document.xml"),
		"word/_rels/document.xml.rels", relsOf("rId1", "styles", "styles.xml", "rId2", "footnotes", "footnotes.xml"),
		"docProps/core.xml", coreTitle,
		"word/styles.xml", `<w:styles xmlns:w="w"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>`+
			`<w:style w:styleId="Own"><w:basedOn w:val="berschrift1"/></w:style><w:style w:styleId="Lvl"><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style></w:styles>`,
		"word/footnotes.xml", `<w:footnotes xmlns:w="w"><w:footnote><w:p><w:r><w:t>A footnote.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
		"word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"><w:body>`+body+`</w:body></w:document>`)
}

func paragraphXML(style, text string) string {
	if style != "" {
		style = `<w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`
	}
	return "<w:p>" + style + "<w:r><w:t>" + text + "</w:t></w:r></w:p>"
}

func pptxOf(t testing.TB, slides ...string) []byte {
	ids, parts := "", []string{}
	rels := []string{}
	for i, s := range slides {
		// Ids that don't count up: order comes from the presentation.
		id := fmt.Sprintf("rId%d", 100-i)
		ids += fmt.Sprintf(`<p:sldId id="%d" r:id="%s"/>`, 256+i, id)
		rels = append(rels, id, "slide", fmt.Sprintf("slides/slide%d.xml", 100-i))
		parts = append(parts, fmt.Sprintf("ppt/slides/slide%d.xml", 100-i), `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld>`+s+`</p:cSld></p:sld>`)
	}
	return zipOf(t, append(parts,
		"_rels/.rels", relsOf("rId1", "officeDocument", "/ppt/presentation.xml"),
		"ppt/_rels/presentation.xml.rels", relsOf(rels...),
		"ppt/presentation.xml", `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>`+ids+`</p:sldIdLst></p:presentation>`,
		"ppt/slides/_rels/slide100.xml.rels", relsOf("rId1", "notesSlide", "../notesSlides/notesSlide1.xml"),
		"ppt/notesSlides/notesSlide1.xml", `<p:notes xmlns:p="p" xmlns:a="a">`+shapeXML("body", "Say hello first.")+shapeXML("sldNum", "1")+`</p:notes>`)...)
}

func shapeXML(kind string, paragraphs ...string) string {
	s := `<p:sp><p:nvSpPr><p:nvPr><p:ph type="` + kind + `"/></p:nvPr></p:nvSpPr><p:txBody>`
	for _, p := range paragraphs {
		s += `<a:p><a:r><a:t>` + p + `</a:t></a:r></a:p>`
	}
	return s + `</p:txBody></p:sp>`
}

func xlsxOf(t testing.TB, sheetData string) []byte {
	return zipOf(t,
		"_rels/.rels", relsOf("rId1", "officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="Rates 2026" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relsOf("rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "sharedStrings", "sharedStrings.xml", "rId3", "styles", "styles.xml"),
		"xl/sharedStrings.xml", `<sst><si><t>City</t></si><si><r><t>Per </t></r><r><t>diem</t></r><rPh><t>x</t></rPh></si><si><t>Valid from</t></si><si><t>Lyon</t></si></sst>`,
		"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+sheetData+`</sheetData></worksheet>`)
}
