package extract

import (
	"strings"
	"testing"
	"time"
)

// fuzzLimits keep one input short.
var fuzzLimits = Limits{MaxBytes: 1 << 20, MaxInflated: 4 << 20, MaxText: 1 << 20, MaxBlocks: 10_000, MaxPages: 100, MaxTime: 20 * time.Second}

// fuzzFormat checks what holds for every input: a document that keeps the
// promises of its type, or an error of the family.
func fuzzFormat(f *testing.F, name string, wrap func(*testing.T, []byte) []byte, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	x := here(fuzzLimits)
	f.Fuzz(func(t *testing.T, data []byte) {
		if wrap != nil {
			data = wrap(t, data)
		}
		doc, err := extractWith(x, data, name)
		if err != nil {
			checkFailure(t, err)
			return
		}
		checkDocument(t, doc)
	})
}

func FuzzAnyFile(f *testing.F) {
	fuzzFormat(f, "upload", nil, "", "\x00", "PK\x03\x04", "\xff\xfe\x00", "{\\rtf", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		string(docxOf(f, paragraphXML("", "x"))), string(pptxOf(f, shapeXML("title", "x"))), string(xlsxOf(f, `<row><c><v>1</v></c></row>`)))
}

func FuzzText(f *testing.F) {
	fuzzFormat(f, "a.txt", nil, "A\n===\n\n- b\n", "\xff\xfea\x00", "caf\xe9 \x00", "a\u2028b\r\rc\ufb01\u00ad")
}

func FuzzMarkdown(f *testing.F) {
	fuzzFormat(f, "a.md", nil, "---\ntitle: x\n---\n# H\n\n- a\n  1. b\n\n| a |\n|--|\n| b |\n", "<div>\n<p>x</div>", "[a](b)![c](d)<e@f.g>\\*&amp;&#0;", "[^1]\n\n[^1]: x\n", "    code\x00\n")
}

func FuzzHTML(f *testing.F) {
	fuzzFormat(f, "a.html", func(_ *testing.T, d []byte) []byte { return append([]byte("<!doctype html>"), d...) },
		"<title>t<h1>x<p>y<table><tr><th>a<td>b</table><pre>\x00", "<ul><li><ol><li>x", "<meta charset=utf-7>+AGE-", "<svg><p>x</svg><br>y")
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(f, "a.csv", nil, "a,b\n1,2\n", "sep=;\na;b\n", "\"a\nb\",c\r\n\"", "a\tb\n\x00\t\xff")
}

func FuzzJSON(f *testing.F) {
	fuzzFormat(f, "a.json", nil, `{"a":[1,{"b":"\u0000"}],"":null}`, "{\"a\":1}\n{\"a\":\"\xff\"}\n", `[[[["x"]]]]`, `[1e999,true,"`+strings.Repeat("long ", 60)+`"]`)
}

func FuzzEML(f *testing.F) {
	fuzzFormat(f, "a.eml", func(_ *testing.T, d []byte) []byte { return append([]byte("From: a@b.c\nSubject: s\n"), d...) },
		"\nbody", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\nYQ==\n--b--", "Content-Type: text/plain; charset=utf-16\n\n\xfe\xff\x00a",
		"Content-Type: message/rfc822\n\nSubject: =?x?q?=00?=\n\nx", "Content-Transfer-Encoding: quoted-printable\n\n=00=\n=zz")
}

func FuzzDOCX(f *testing.F) {
	fuzzFormat(f, "a", func(t *testing.T, d []byte) []byte { return docxOf(t, string(d)) },
		paragraphXML("berschrift1", "x"), "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", "<w:tbl><w:tbl><w:tc/></w:tbl>", "</w:p></w:tbl><w:t>x", "<w:p><w:p><w:t>&#0;</w:t>")
}

func FuzzPPTX(f *testing.F) {
	fuzzFormat(f, "a", func(t *testing.T, d []byte) []byte { return pptxOf(t, string(d)) },
		shapeXML("title", "x"), "<a:tbl><a:tr><a:tc><a:p><a:t>x</a:t></a:p></a:tc></a:tr></a:tbl>", `<a:p><a:pPr lvl="-9"/><a:t>x</a:t></a:p>`, "</a:tc></a:tc></a:p>")
}

func FuzzXLSX(f *testing.F) {
	fuzzFormat(f, "a", func(t *testing.T, d []byte) []byte { return xlsxOf(t, string(d)) },
		`<row><c r="B2" t="s"><v>0</v></c></row>`, `<row><c r="ZZZZZZ1"><v>1</v></c><c s="1"><v>1e300</v></c></row>`, `<row><c t="s"><v>-1</v></c><c t="b"><v>2</v></c><c s="1"><v>59</v></c></row>`)
}

// FuzzPDFContent leaves the library out but for opening an honest file.
func FuzzPDFContent(f *testing.F) {
	fuzzFormat(f, "a", func(_ *testing.T, d []byte) []byte { return pdfPagesOf("", string(d)) },
		twoParagraphs, "BT /F1 1e39 Tf (x) Tj (", "[[[[<<<<", "BI ID EI", "/F1 -5 Tf -1 0 0 1 1 1 Tm (a) ' 1 2 (b) \"", "q Q Q EMC /Artifact BMC (", "BT /F1 0 Tf (zero) Tj /F1 1 Tf 0 0 0 0 0 0 Tm (flat) Tj")
}

// FuzzPDF reads whole files in a child, where the library may do what it likes.
func FuzzPDF(f *testing.F) {
	f.Add(pdfPagesOf("/Title (x)", twoParagraphs))
	f.Add(pdfOf("/Root 1 0 R", "<< /Pages 2 0 R >>", "<< /Kids [2 0 R 1 0 R] >>"))
	limits := fuzzLimits
	limits.MaxTime, limits.ChildMemory = 5*time.Second, 512<<20
	x := withChild(f, limits)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := extractWith(x, append([]byte("%PDF-1.4\n"), data...), "x.pdf")
		if err != nil {
			checkFailure(t, err)
			return
		}
		checkDocument(t, doc)
	})
}

// FuzzPDFObjects reads what PDFium writes, but of a file that somebody made.
func FuzzPDFObjects(f *testing.F) {
	f.Add("1 0 obj\n<</OCProperties<</D<</BaseState/OFF/ON[2 0 R]/OFF[3 0 R]>>/OCGs[2 0 R 3 0 R]>>>>\nendobj\n2 0 obj\n<</Type/OCG/Name(a\\051\\n)>>\nendobj")
	f.Add("1 0 obj\n<</BaseFont/X/Encoding<</Differences[1/f_f_i 300/uni0041/u1F600.alt]>>>>\nendobj")
	f.Fuzz(func(t *testing.T, data string) {
		objects := parseObjects(data)
		objects.layersOff()
		for code, text := range objects.glyphTexts() {
			if strings.ContainsRune(text, 0) {
				t.Errorf("%+v is %q", code, text)
			}
		}
	})
}
