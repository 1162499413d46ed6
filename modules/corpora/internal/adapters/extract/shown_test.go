package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASheetShowsNumbersByTheirFormats(t *testing.T) {
	for _, tc := range []struct{ format, stored, want string }{
		{"0%", "0.25", "25%"},
		{"0.0%", "0.1234", "12.3%"},
		{`"$"#,##0.00`, "1234.5", "$1,234.50"},
		{"[$€-2] #,##0.00", "1234567.891", "€ 1,234,567.89"},
		{"#,##0.00_);[Red](#,##0.00)", "-1234.5", "(1,234.50)"},
		{"00000", "7", "00007"},
		{"000-00-0000", "123456789", "123-45-6789"},
		{"[h]:mm:ss", "1.5", "36:00:00"},
		{"[mm]:ss", "0.0625", "90:00"},
		{"d-mmm-yy", "45292", "1-Jan-24"},
		{"mmmm d, yyyy", "45292", "January 1, 2024"},
		{"dddd", "45292", "Monday"},
		{"yyyy\\-mm\\-dd hh:mm", "45292.75", "2024-01-01 18:00"},
		{"h:mm AM/PM", "0.5", "12:00 PM"},
		{"mm:ss.0", "0.00001", "00:00.8"},
		{`yyyy"年"m"月"d"日"`, "45292", "2024年1月1日"},
		{`0" pcs"`, "12", "12 pcs"},
		{`General" kg"`, "1.5", "1.5 kg"},
		{"0.00E+00", "12345", "1.23E+04"},
		{"# ?/?", "1.5", "1 1/2"},
		{"#,##0,", "1234567", "1,235"},
		{`#,##0,,"M"`, "12345678", "12M"},
		{`[>=1000]#,##0,"K";0`, "25000", "25K"},
		{`[>=1000]#,##0,"K";0`, "25", "25"},
		{`0;-0;"none"`, "0", "none"},
		{"0", "-0.4", "0"},
		{"#.##", "0.5", ".5"},
		{";;;", "5", ""},
		{"General", "90.100000000000009", "90.1"},
		{"@", "5", "5"},
	} {
		t.Run(tc.format+" of "+tc.stored, func(t *testing.T) {
			b := &workbook{formats: map[int]numberFormat{1: formatOf(200, map[int]string{200: tc.format})}}
			if got := b.number(tc.stored, 1); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestMergedCellsOfASheetGiveTheirValueToEveryCell(t *testing.T) {
	row := func(n int, cells ...string) string {
		out := fmt.Sprintf(`<row r="%d">`, n)
		for _, c := range cells {
			ref, text, _ := strings.Cut(c, "=")
			out += fmt.Sprintf(`<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, ref, text)
		}
		return out + "</row>"
	}
	data := xlsxOf(t, row(1, "A1=Sales of the year")+row(2, "A2=Region", "B2=City", "C2=Total")+row(3, "A3=North", "B3=Oslo", "C3=7")+row(4, "B4=Bergen", "C4=3")+
		`</sheetData><mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="A3:A4"/></mergeCells><sheetData>`)
	want := []string{"h2: Rates 2026", "row: Sales of the year", "row: Region: North | City: Oslo | Total: 7", "row: Region: North | City: Bergen | Total: 3"}
	if diff := cmp.Diff(want, outline(mustExtract(t, data, "x.xlsx"))); diff != "" {
		t.Error(diff)
	}
}

func TestSeveralTablesOfASheetHaveTheirOwnHeaders(t *testing.T) {
	row := func(n int, cells ...string) string {
		out := fmt.Sprintf(`<row r="%d">`, n)
		for i, c := range cells {
			out += fmt.Sprintf(`<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+i, n, c)
		}
		return out + "</row>"
	}
	data := xlsxOf(t, row(1, "Staff")+row(3, "Name", "Office")+row(4, "Ada", "Rome")+row(6, "Bob", "Oslo")+
		row(9, "Item", "Price")+row(10, "Pen", "3")+row(12, "Ink", "4"))
	want := []string{"h2: Rates 2026", "row: Staff", "row: Name: Ada | Office: Rome", "row: Name: Bob | Office: Oslo", "row: Item: Pen | Price: 3", "row: Item: Ink | Price: 4"}
	if diff := cmp.Diff(want, outline(mustExtract(t, data, "x.xlsx"))); diff != "" {
		t.Error(diff)
	}
}

func TestCommentsAndChartsOfASheetAreRead(t *testing.T) {
	data := zipOf(t,
		"_rels/.rels", relsOf("r1", "officeDocument", "xl/book.xml"),
		"xl/book.xml", `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/book.xml.rels", relsOf("r1", "worksheet", "worksheets/sheet1.xml"),
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c r="A1"><v>5</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/_rels/sheet1.xml.rels", relsOf("r1", "comments", "../comments1.xml", "r2", "drawing", "../drawings/drawing1.xml"),
		"xl/comments1.xml", `<comments><authors><author>Ann</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>Ann:</t></r><r><t> check this</t></r></text></comment></commentList></comments>`,
		"xl/drawings/drawing1.xml", `<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>A box</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`,
		"xl/drawings/_rels/drawing1.xml.rels", relsOf("r1", "chart", "../charts/chart1.xml"),
		"xl/charts/chart1.xml", `<c:chartSpace xmlns:c="c" xmlns:a="a"><c:title><a:p><a:r><a:t>Growth</a:t></a:r></a:p></c:title><c:ser><c:tx><c:v>Income</c:v></c:tx>`+
			`<c:cat><c:pt idx="0"><c:v>2023</c:v></c:pt><c:pt idx="1"><c:v>2024</c:v></c:pt></c:cat><c:val><c:pt idx="0"><c:v>1.5</c:v></c:pt><c:pt idx="1"><c:v>2</c:v></c:pt></c:val></c:ser></c:chartSpace>`)
	want := []string{"h2: S", "row: 5", "A box", "Growth", "row: 2023 | Income: 1.5", "row: 2024 | Income: 2", "Comment by Ann on A1: check this"}
	if diff := cmp.Diff(want, outline(mustExtract(t, data, "x.xlsx"))); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersOfTables(t *testing.T) {
	long := "How satisfied are you with the time that it took until your question was answered by our support team this year?"
	for _, tc := range []struct {
		behaviour, csv string
		want           []string
	}{
		{"years are headers above numbers", "Region,2022,2023\nNorth,5,6\nSouth,7,8\n", []string{"row: Region: North | 2022: 5 | 2023: 6", "row: Region: South | 2022: 7 | 2023: 8"}},
		{"the first cell of a header may be blank", ",Price,Stock\nApple,3,4\nPear,5,6\n", []string{"row: Apple | Price: 3 | Stock: 4", "row: Pear | Price: 5 | Stock: 6"}},
		{"headers may be twins", "Name,Phone,Phone\nAda,5,6\n", []string{"row: Name: Ada | Phone: 5 | Phone: 6"}},
		{"headers may be long", "Name," + long + "\nAda,4\nBob,5\n", []string{"row: Name: Ada | " + long + ": 4", "row: Name: Bob | " + long + ": 5"}},
		{"headers may be CJK", "氏名,年間の有給休暇の残りの日数と繰り越した日数の合計\n太郎,12\n", []string{"row: 氏名: 太郎 | 年間の有給休暇の残りの日数と繰り越した日数の合計: 12"}},
		{"titles stand above the header", "Price list,,\nvalid from May,,\nItem,Price,Unit\nApple,3,kg\n", []string{"row: Price list", "row: valid from May", "row: Item: Apple | Price: 3 | Unit: kg"}},
		{"so do notes of two cells", "Invoice,1234,\nDate,2024-01-01,\nItem,Qty,Price\nApple,3,4.5\n", []string{"row: Invoice | 1234", "row: Date | 2024-01-01", "row: Item: Apple | Qty: 3 | Price: 4.5"}},
		{"rows of years are data", "2020,2021\n2022,2023\n", []string{"row: 2020 | 2021", "row: 2022 | 2023"}},
		{"one row has no header", "Key,Value\n", []string{"row: Key | Value"}},
		{"a header above nothing is kept", "Name,Remarks\nAda,\nBob,\n", []string{"row: Name | Remarks", "row: Name: Ada", "row: Name: Bob"}},
		{"line breaks within cells are space", "a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n", []string{`row: a: x y | b: say "hi"`}},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, outline(mustExtract(t, []byte(tc.csv), "t.csv"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHeadersOfSeveralRowsAreJoined(t *testing.T) {
	page := `<table><thead><tr><th rowspan=2>Name</th><th colspan=2>Sales</th></tr><tr><th>2023</th><th>2024</th></tr></thead><tr><td>Ada</td><td>5</td><td>6</td></tr></table>`
	want := []string{"row: Name: Ada | Sales 2023: 5 | Sales 2024: 6"}
	if diff := cmp.Diff(want, outline(mustExtract(t, []byte(page), "t.html"))); diff != "" {
		t.Error(diff)
	}
}

func TestDOCXListNumbersAndComments(t *testing.T) {
	clause := func(level int, text string) string {
		return fmt.Sprintf(`<w:p><w:pPr><w:numPr><w:ilvl w:val="%d"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>%s</w:t></w:r></w:p>`, level, text)
	}
	data := zipOf(t,
		"_rels/.rels", relsOf("r1", "officeDocument", "word/document.xml"),
		"word/_rels/document.xml.rels", relsOf("r1", "numbering", "numbering.xml", "r2", "comments", "comments.xml", "r3", "styles", "styles.xml", "r4", "footnotes", "gone.xml", "r5", "diagramData", "diagrams/data1.xml"),
		"word/numbering.xml", `<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>`+
			`<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>`,
		"word/styles.xml", `<w:styles xmlns:w="w"><w:style w:styleId="H"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>`,
		"word/comments.xml", `<w:comments xmlns:w="w"><w:comment w:author="Ann"><w:p><w:r><w:t>Too short?</w:t></w:r></w:p></w:comment></w:comments>`,
		"word/diagrams/data1.xml", `<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>`,
		"word/document.xml", `<w:document xmlns:w="w"><w:body>`+paragraphXML("H", "Term")+clause(1, "One year")+clause(1, "Renewal")+paragraphXML("H", "Termination")+clause(1, "In writing")+`</w:body></w:document>`)
	want := []string{"h1: 1. Term", "i2: 1.a One year", "i2: 1.b Renewal", "h1: 2. Termination", "i2: 2.a In writing", "Plan", "Comment by Ann: Too short?"}
	if diff := cmp.Diff(want, outline(mustExtract(t, data, "x.docx"))); diff != "" {
		t.Error(diff)
	}
}

func TestOnePartThatIsMissingCostsOnlyItself(t *testing.T) {
	doc := mustExtract(t, zipOf(t,
		"ppt/presentation.xml", `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldId r:id="r1"/><p:sldId r:id="r2"/></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", relsOf("r1", "slide", "slides/gone.xml", "r2", "slide", "slides/slide2.xml"),
		"ppt/slides/slide2.xml", `<p:sld xmlns:p="p" xmlns:a="a">`+shapeXML("title", "Here")+`</p:sld>`), "x.pptx")
	if diff := cmp.Diff([]string{"h2@2: Here"}, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if len(doc.Warnings) != 1 || !strings.Contains(doc.Warnings[0], "Slide 1") {
		t.Errorf("warnings: %q", doc.Warnings)
	}
}

func TestAllMailsOfAnMboxAreRead(t *testing.T) {
	got := documentText(t, "m10_two.mbox")
	for _, want := range []string{"One", "First body", "Two", "Second body"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTextThatAPageShowsInFormsAndDialogsIsRead(t *testing.T) {
	got := documentText(t, "h9_select.html")
	for _, want := range []string{"Some config text", "Open dialog"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
