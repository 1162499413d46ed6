package extract

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextFormats(t *testing.T) {
	for _, tc := range []struct {
		behaviour, name, data, mime, title string
		want                               []string
	}{
		{
			behaviour: "Markdown keeps headings, items, code and tables, and drops markup",
			name:      "guide.md", mime: "text/markdown", title: "Setting *up*",
			data: "---\ntitle: \"Setting *up*\"\nowner: ops\n---\n# Set up\n\nRun **it** [now](https://x.y/z)\nor later&nbsp;&amp; `go\\*`.\n\n" +
				"- one\n  - two\n\n    more of two\n1. first\n\n```go\nfunc f() {\n\treturn\n}\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n<p align=\"center\">Logo <b>text</b></p>\n\n> quoted\n",
			want: []string{"row: owner: ops", "h1: Set up", "Run it now or later & go\\*.", "i1: one", "i2: two", "more of two", "i1: first",
				"code: func f() {\n\treturn\n}", "row: A: 1 | B: 2", "Logo text", "quoted"},
		},
		{
			behaviour: "HTML breaks at blocks, not inside of words, and drops what is not the page",
			name:      "page.txt", mime: "text/html", title: "The page",
			data: `<!DOCTYPE html><html><head><title>The page</title><style>p{}</style></head><body><nav>Home</nav><script>x()</script>` +
				`<h1>He<b>ad</b></h1><div>Para <i>b</i>old<br>next<p>two</div><ul><li>one<ul><li>inner</li></ul></li><li><p>two</p></li></ul>` +
				`<table><tr><th>K</th><th>V</th></tr><tr><td>a</td><td>1</td></tr></table><pre>a
  b</pre><p hidden>secret</p><p style="display: none">secret</p></body></html>`,
			want: []string{"h1: Head", "Para bold", "next", "two", "i1: one", "i2: inner", "i1: two", "row: K: a | V: 1", "code: a\n  b"},
		},
		{
			behaviour: "plain text is unwrapped, lists and underlined headings are seen",
			name:      "a.txt", mime: "text/plain", title: "Minutes",
			data: "Minutes\n=======\n\nThe committee met on Tuesday to talk about the new travel\npolicy and agreed that it should be simple.\n\n- first thing\n- second thing\n\nRoses are red\nViolets are blue\n",
			want: []string{"h1: Minutes", "The committee met on Tuesday to talk about the new travel policy and agreed that it should be simple.",
				"i1: first thing", "i1: second thing", "Roses are red", "Violets are blue"},
		},
		{
			behaviour: "CSV rows carry their headers", name: "x.csv", mime: "text/csv",
			data: "\ufeffname;city;age\nAnn;\"Ly;on\";31\n\nBob;;7;extra\n",
			want: []string{"row: name: Ann | city: Ly;on | age: 31", "row: name: Bob | age: 7 | Column 4: extra"},
		},
		{
			behaviour: "CSV without headers stays as it is", name: "x.csv", mime: "text/csv", data: "1,2\n3,4\n",
			want: []string{"row: 1 | 2", "row: 3 | 4"},
		},
		{
			behaviour: "CSV is seen without a name", name: "upload", mime: "text/csv", data: "id,name,city\n1,Ann,Lyon\n2,Bob,Rome\n",
			want: []string{"row: id: 1 | name: Ann | city: Lyon", "row: id: 2 | name: Bob | city: Rome"},
		},
		{
			behaviour: "JSON leaves have their paths, array elements are rows", name: "x", mime: "application/json",
			data: `[{"id":1,"who":{"name":"Ann","tags":["a","b"]},"none":null},{"id":2,"ok":true}]`,
			want: []string{"row: id: 1 | who.name: Ann | who.tags: a | who.tags: b", "row: id: 2 | ok: true"},
		},
		{
			behaviour: "JSON lines are rows", name: "x.jsonl", mime: "application/json", data: "{\"q\":\"one\",\"n\":1}\n{\"q\":\"two\",\"n\":2}\n",
			want: []string{"row: q: one | n: 1", "row: q: two | n: 2"},
		},
		{
			behaviour: "a .json file that is not JSON is text", name: "x.json", mime: "text/plain", data: "{ not json\n", want: []string{"{ not json"},
		},
		{
			behaviour: "UTF-16 is read", name: "a.txt", mime: "text/plain", data: "\xff\xfeH\x00\xe9\x00", want: []string{"Hé"},
		},
		{
			behaviour: "UTF-16 without a mark is read", name: "a.txt", mime: "text/plain", data: "\x00H\x00e\x00l\x00l\x00o\x00!", want: []string{"Hello!"},
		},
		{
			behaviour: "Windows-1252 is read", name: "a.txt", mime: "text/plain", data: "caf\xe9 \x80 5 \x93quoted\x94", want: []string{"café € 5 “quoted”"},
		},
		{
			behaviour: "an HTML page in its own charset is read", name: "p.html", mime: "text/html", title: "é",
			data: "<html><head><meta charset=\"iso-8859-1\"><title>\xe9</title></head><body>\xe9t\xe9</body></html>", want: []string{"été"},
		},
		{
			behaviour: "control characters, ligatures and soft hyphens go", name: "a.txt", mime: "text/plain",
			data: "e\ufb03cient co\u00adoperation\u0007\u00a0here, with enough text around it to be taken for text and for nothing else at all, which takes some words",
			want: []string{"efficient cooperation here, with enough text around it to be taken for text and for nothing else at all, which takes some words"},
		},
		{
			behaviour: "prose about PDF is text", name: "a.txt", mime: "text/plain", data: "Files start with %PDF-1.4 as a rule.", want: []string{"Files start with %PDF-1.4 as a rule."},
		},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			doc := mustExtract(t, []byte(tc.data), tc.name)
			if diff := cmp.Diff(tc.want, outline(doc)); diff != "" {
				t.Error(diff)
			}
			if doc.MIME != tc.mime || doc.Title != tc.title || doc.PageCount != nil {
				t.Errorf("MIME %q, title %q, pages %v", doc.MIME, doc.Title, doc.PageCount)
			}
		})
	}
}

func TestMail(t *testing.T) {
	mail := "From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>\r\nTo: bob@example.org\r\nSubject: =?iso-8859-1?Q?Caf=E9?= plan\r\n" +
		"Date: Mon, 2 Feb 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\npreamble\r\n" +
		"--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n" +
		"--inner\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n" +
		"--inner\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nWe meet at the caf=E9 =\r\nat ten.\r\n--inner--\r\n" +
		"--outer\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGgxPkhh\r\n YTwvaDE+\r\n" +
		"--outer\r\nContent-Type: application/pdf; name=\"offer.pdf\"\r\nContent-Disposition: attachment; filename=\"offer.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n" +
		"--outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\nFrom: c@example.org\r\n\r\nForwarded text.\r\n--outer--\r\n"
	doc := mustExtract(t, []byte(mail), "message")
	want := []string{"h1: Café plan", "row: From: Ann Müller <ann@example.org> | To: bob@example.org | Date: Mon, 2 Feb 2026 10:00:00 +0100",
		"We meet at the café at ten.", "h1: Haa", "Attachment: offer.pdf", "h2: Inner", "row: From: c@example.org", "Forwarded text."}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.MIME != "message/rfc822" || doc.Title != "Café plan" {
		t.Errorf("MIME %q, title %q", doc.MIME, doc.Title)
	}
}

func TestDOCX(t *testing.T) {
	body := paragraphXML("berschrift1", "Travel") + paragraphXML("Own", "Rail") + paragraphXML("Lvl", "Deep") +
		`<w:p><w:r><w:t xml:space="preserve">Book </w:t></w:r><w:r><w:t>early</w:t><w:tab/><w:t>always.</w:t></w:r><w:del><w:r><w:delText>never</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>` +
		`<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr><w:r><w:t>Item</w:t></w:r></w:p>` +
		`<w:tbl><w:tr><w:tc>` + paragraphXML("", "City") + `</w:tc><w:tc>` + paragraphXML("", "Rate") + `</w:tc></w:tr><w:tr><w:tc>` + paragraphXML("", "Lyon") + `</w:tc><w:tc>` + paragraphXML("", "90") + paragraphXML("", "euro") + `</w:tc></w:tr></w:tbl>` +
		`<w:p><w:r><w:t>Outer</w:t><mc:AlternateContent><mc:Choice><w:txbxContent>` + paragraphXML("", "In a box") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + paragraphXML("", "In a box") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>`
	doc := mustExtract(t, docxOf(t, body), "policy.bin")
	want := []string{"h1: Travel", "h1: Rail", "h3: Deep", "Book early always.", "i2: Item", "row: City: Lyon | Rate: 90 euro", "In a box", "Outer", "A footnote."}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.Title != "Travel policy" || doc.MIME != formatDOCX.mime {
		t.Errorf("title %q, MIME %q", doc.Title, doc.MIME)
	}
}

func TestPPTXKeepsTheOrderAndNumbersOfSlides(t *testing.T) {
	table := `<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Year</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Plan</a:t></a:r></a:p></a:txBody></a:tc></a:tr>` +
		`<a:tr><a:tc><a:txBody><a:p><a:r><a:t>2027</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Go</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame>`
	doc := mustExtract(t, pptxOf(t,
		shapeXML("ctrTitle", "Kick-off")+shapeXML("body", "Goals", "Dates")+shapeXML("sldNum", "1"),
		shapeXML("title", "Plan")+table), "deck")
	want := []string{"h2@1: Kick-off", "i1@1: Goals", "i1@1: Dates", "@1: Say hello first.", "h2@2: Plan", "row@2: Year: 2027 | Plan: Go"}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.PageCount == nil || *doc.PageCount != 2 {
		t.Errorf("pages %v", doc.PageCount)
	}
}

func TestXLSXShowsValuesAsAPersonSeesThem(t *testing.T) {
	doc := mustExtract(t, xlsxOf(t,
		`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="inlineStr"><is><t>Open</t></is></c></row>`+
			`<row r="3"><c r="A3" t="s"><v>3</v></c><c r="B3"><v>90.100000000000009</v></c><c r="C3" s="1"><v>46054</v></c><c r="D3" t="b"><v>1</v></c></row>`+
			`<row r="4"><c r="C4" s="2"><v>46054.5</v></c><c r="D4" t="str"><f>A1</f><v>calc</v></c></row>`), "rates")
	want := []string{"h2: Rates 2026", "row: City: Lyon | Per diem: 90.1 | Valid from: 2026-02-01 | Open: TRUE", "row: Valid from: 2026-02-01 12:00 | Open: calc"}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
}
