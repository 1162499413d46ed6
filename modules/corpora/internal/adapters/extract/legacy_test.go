package extract

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const odfHead = `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="dr" xmlns:presentation="p" xmlns:dc="d"><office:body>`

func odfOf(t testing.TB, kind, body string) []byte {
	return zipOf(t, "mimetype", odfMIME+kind, "META-INF/manifest.xml", `<manifest:manifest xmlns:manifest="m"/>`,
		"meta.xml", `<office:document-meta xmlns:office="o" xmlns:dc="d"><dc:title>Travel policy</dc:title></office:document-meta>`,
		"content.xml", odfHead+body+`</office:body></office:document-content>`)
}

func TestODTIsRead(t *testing.T) {
	doc := mustExtract(t, odfOf(t, "text", `<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>`+
		`<text:h text:outline-level="2">Rail</text:h><text:p>Book<text:s/>early<text:tab/>always<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p>`+
		`<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>two</text:p></text:list-item></text:list></text:list-item></text:list>`+
		`<table:table><table:table-row><table:table-cell><text:p>Region</text:p></table:table-cell><table:table-cell><text:p>City</text:p></table:table-cell></table:table-row>`+
		`<table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>North</text:p></table:table-cell><table:table-cell><text:p>Oslo</text:p></table:table-cell></table:table-row>`+
		`<table:table-row><table:covered-table-cell/><table:table-cell><text:p>Bergen</text:p></table:table-cell></table:table-row></table:table>`+
		`<text:p>Fine<office:annotation><dc:creator>Ann</dc:creator><dc:date>2026</dc:date><text:p>Really?</text:p></office:annotation>.</text:p></office:text>`), "x")
	want := []string{"h2: Rail", "A note.", "Book early always", "i1: one", "i2: two", "row: Region: North | City: Oslo", "row: Region: North | City: Bergen", "Comment by Ann: Really?", "Fine."}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.Title != "Travel policy" || doc.MIME != odfMIME+"text" {
		t.Errorf("title %q, MIME %q", doc.Title, doc.MIME)
	}
}

func TestODSShowsWhatTheSheetShows(t *testing.T) {
	doc := mustExtract(t, odfOf(t, "spreadsheet", `<office:spreadsheet><table:table table:name="Rates"><table:table-row><table:table-cell><text:p>City</text:p></table:table-cell><table:table-cell/><table:table-cell><text:p>Share</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16000"/></table:table-row>`+
		`<table:table-row><table:table-cell><text:p>Lyon</text:p></table:table-cell><table:table-cell/><table:table-cell office:value="0.25"><text:p>25%</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated="100000"><table:table-cell/></table:table-row></table:table></office:spreadsheet>`), "x")
	if diff := cmp.Diff([]string{"h2: Rates", "row: City: Lyon | Share: 25%"}, outline(doc)); diff != "" {
		t.Error(diff)
	}
}

func TestODPHasPages(t *testing.T) {
	doc := mustExtract(t, odfOf(t, "presentation", `<office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Kick-off</text:p></draw:text-box></draw:frame></draw:page>`+
		`<draw:page><draw:frame><draw:text-box><text:list><text:list-item><text:p>Plan</text:p></text:list-item></text:list></draw:text-box></draw:frame><presentation:notes><text:p>Say hello.</text:p></presentation:notes></draw:page></office:presentation>`), "x")
	if diff := cmp.Diff([]string{"h2@1: Kick-off", "i1@2: Plan", "@2: Say hello."}, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.PageCount == nil || *doc.PageCount != 2 {
		t.Errorf("pages %v", doc.PageCount)
	}
}

func epubOf(t testing.TB, chapters ...string) []byte {
	parts := []string{"mimetype", "application/epub+zip", epubContainer, `<container><rootfile full-path="OEBPS/book.opf"/></container>`}
	items, spine := "", ""
	for i, c := range chapters {
		id := string(rune('a' + i))
		items += `<item id="` + id + `" href="ch%20` + id + `.xhtml" media-type="application/xhtml+xml"/>`
		spine = `<itemref idref="` + id + `"/>` + spine // the last first
		parts = append(parts, "OEBPS/ch "+id+".xhtml", c)
	}
	return zipOf(t, append(parts, "OEBPS/book.opf", `<package xmlns:dc="d"><metadata><dc:title>The book</dc:title></metadata><manifest>`+items+`</manifest><spine>`+spine+`</spine></package>`)...)
}

func TestEPUBIsReadInTheOrderOfItsSpine(t *testing.T) {
	doc := mustExtract(t, epubOf(t, `<html><head><title>No</title></head><body><h1>Second</h1><p>b</p></body></html>`, `<html><body><h1>First</h1><p>é</p></body></html>`), "x")
	if diff := cmp.Diff([]string{"h1: First", "é", "h1: Second", "b"}, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.Title != "The book" {
		t.Errorf("title %q", doc.Title)
	}
}

const rtfLetter = `{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}}` +
	`{\info{\title Leave}{\author Ann}}{\header Page head\par}{\pard\s1 Holiday\par}` +
	"\r\n" + `\pard Caf\'e9 \u26085?\u26412? and {\f1 \'ee\'f2\'ef\'f3\'f1\'ea} {\b bold}{\v hidden}\line next {\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}\par` +
	`{\*\generator Some program;}{\listtext 1.\tab}First point\par` +
	`\trowd\cellx1000\cellx2000\pard\intbl City\cell Rate\cell\row\trowd\cellx1000\cellx2000\pard\intbl Lyon\cell 90\par euro\cell\row\pard` +
	`{\pict\bin5 }}}\}}{}End\{\}\par}`

func TestRTFIsRead(t *testing.T) {
	doc := mustExtract(t, []byte(rtfLetter), "x.bin")
	want := []string{"h1: Holiday", "Café 日本 and отпуск bold", "next link", "i1: 1. First point", "row: City: Lyon | Rate: 90 euro", "End{}"}
	if diff := cmp.Diff(want, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if doc.Title != "Leave" || doc.MIME != "application/rtf" {
		t.Errorf("title %q, MIME %q", doc.Title, doc.MIME)
	}
}

func TestFormatsThatCannotBeReadSayWhatTheyAreAndWhatToDo(t *testing.T) {
	ole := func(stream string) []byte {
		data := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 1000)...)
		for _, c := range []byte(stream) {
			data = append(data, c, 0)
		}
		return append(data, make([]byte, 64)...)
	}
	for _, tc := range []struct {
		data []byte
		says []string
	}{
		{ole("WordDocument"), []string{"DOC,", "DOCX"}},
		{ole("Workbook"), []string{"XLS,", "XLSX"}},
		{ole("PowerPoint Document"), []string{"PPT,", "PPTX"}},
		{ole("__properties_version1.0"), []string{"MSG,", "EML"}},
		{zipOf(t, "_rels/.rels", relsOf("r1", "officeDocument", "xl/workbook.bin"), "xl/workbook.bin", "\x01"), []string{"XLSB", "XLSX"}},
		{zipOf(t, "Index/Document.iwa", "x"), []string{"Pages", "PDF"}},
		{zipOf(t, "a.txt", "x"), []string{"archive", "Unpack"}},
	} {
		_, err := extractWith(here(Limits{}), tc.data, "upload")
		if !errors.Is(err, ErrUnsupported) {
			t.Fatalf("%s: got %v", tc.says[0], err)
		}
		checkFailure(t, err)
		for _, want := range tc.says {
			if !strings.Contains(sentence(err), want) {
				t.Errorf("%q doesn't say %q", sentence(err), want)
			}
		}
	}
	locked := zipOf(t, "mimetype", odfMIME+"text", "META-INF/manifest.xml", `<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>`, "content.xml", "\x00")
	if _, err := extractWith(here(Limits{}), locked, "x.odt"); !errors.Is(err, ErrEncrypted) {
		t.Errorf("an ODT file with a password: %v", err)
	}
}

func FuzzRTF(f *testing.F) {
	fuzzFormat(f, "a", func(_ *testing.T, d []byte) []byte { return append([]byte(`{\rtf1`), d...) },
		rtfLetter[6:], `\u55357?\u56960?\clmrg\cell\row`, `{{{{\bin99999 x}`, `\'`, `{\footnote x}{\*\annotation y}\nestcell`)
}

func FuzzODF(f *testing.F) {
	fuzzFormat(f, "a", func(t *testing.T, d []byte) []byte { return odfOf(t, "text", string(d)) },
		`<text:h>x</text:h><text:p>y</text:p>`, `<table:table><table:table-row><table:table-cell table:number-columns-spanned="9" table:number-columns-repeated="9999"><text:p>x</text:p></table:table-cell></table:table-row>`, `</text:p><office:annotation><text:p>x`)
}

func FuzzEPUB(f *testing.F) {
	fuzzFormat(f, "a", func(t *testing.T, d []byte) []byte { return epubOf(t, string(d), "<p>x") }, "<h1>x</h1>", "\x00", "<table><td rowspan=0>x")
}

func FuzzNumberFormat(f *testing.F) {
	for _, s := range []string{`"$"#,##0.00`, "[h]:mm:ss", "0.0%", "# ?/?", "[>=1000]#,##0,;0", "000-00-0000", "General", "E+", "mm:ss.000000", `@"x"`} {
		f.Add(s, 1234.5)
	}
	f.Fuzz(func(t *testing.T, code string, v float64) {
		b := &workbook{formats: map[int]numberFormat{1: formatOf(200, map[int]string{200: code})}}
		shown := b.number(plainNumber(v), 1) + b.text("x", 1)
		if len(shown) > 5000+10*len(code) {
			t.Errorf("%d bytes", len(shown))
		}
	})
}

func FuzzEncoding(f *testing.F) {
	f.Add([]byte("\x89\xef\x8bc"), "")
	f.Add([]byte("caf\xe9"), "koi8-r")
	f.Add([]byte("\x1b$B2q5D"), "gb2312")
	f.Fuzz(func(t *testing.T, data []byte, declared string) {
		if text, err := decode(data, declared); err != nil {
			checkFailure(t, err)
		} else {
			checkText(t, clean(text))
		}
	})
}

func FuzzGrid(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 1, 1, 255, 3, 9})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var g grid
		for i := 0; i+1 < len(ops) && i < 200; i += 2 {
			switch n := int(ops[i+1]); ops[i] % 5 {
			case 0:
				g.startRow()
			case 1:
				g.add("x", n, int(ops[i])*100)
			case 2:
				if len(g.rows) > 0 {
					g.skip(n)
				}
			case 3:
				g.continued(n)
			case 4:
				g.endRow()
			}
		}
		if g.size > maxPlaces+200*maxColumns {
			t.Errorf("%d places", g.size)
		}
	})
}
