package extract

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const twoParagraphs = `BT /F1 20 Tf 72 720 Td (Travel policy) Tj ET
BT /F1 11 Tf 1 0 0 1 72 680 Tm (Every trip needs an appro) Tj 0 -13 Td (val that is given in writ-) Tj
0 -13 Td (ing before [a] ticket \(any\) is ) Tj [(boo) 20 (ked) -300 (or) -280 (paid.)] TJ
0 -30 Td (A second paragraph about the r\351sum\351.) Tj ET`

func TestPDFGivesHeadingsParagraphsAndPages(t *testing.T) {
	data := pdfPagesOf("/Title (Rules)", twoParagraphs, "BT /F1 11 Tf 72 700 Td (Second page.) Tj ET")
	want := []string{"h1@1: Travel policy", "@1: Every trip needs an appro val that is given in writing before [a] ticket (any) is booked or paid.",
		"@1: A second paragraph about the résumé.", "@2: Second page."}
	for name, x := range map[string]*Extractor{"in this process": here(Limits{}), "in a child process": withChild(t, Limits{})} {
		t.Run(name, func(t *testing.T) {
			doc, err := extractWith(x, data, "x")
			if err != nil {
				t.Fatal(err)
			}
			checkDocument(t, doc)
			if diff := cmp.Diff(want, outline(doc)); diff != "" {
				t.Error(diff)
			}
			if doc.Title != "Rules" || doc.MIME != "application/pdf" || doc.PageCount == nil || *doc.PageCount != 2 {
				t.Errorf("title %q, MIME %q, pages %v", doc.Title, doc.MIME, doc.PageCount)
			}
		})
	}
}

func TestPDFContent(t *testing.T) {
	cmap := "1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0001> <0048> endbfchar 2 beginbfrange <0002> <0003> [<0065> <006c>] <0004> <0005> <006f> endbfrange"
	for _, tc := range []struct {
		behaviour string
		data      []byte
		want      []string
	}{
		{"text printed twice to look bold is there once", pdfPagesOf("", "BT /F1 12 Tf 72 700 Td (Once) Tj 1 0 0 1 72.3 700 Tm (Once) Tj ET"), []string{"@1: Once"}},
		{"positions alone tell the gap between words", pdfPagesOf("", "BT /F1 12 Tf 1 0 0 1 72 700 Tm (Two) Tj 1 0 0 1 100 700 Tm (words) Tj ET"), []string{"@1: Two words"}},
		{"rotated text is read along its line", pdfPagesOf("", "BT /F1 12 Tf 0 1 -1 0 300 100 Tm (Up) Tj 0 1 -1 0 300 125 Tm (wards) Tj ET"), []string{"@1: Up wards"}},
		{"an inline image does not swallow text", pdfPagesOf("", "BI /W 3 /H 2 /CS /G /BPC 8 ID \xff( EI\x01 EI BT /F1 12 Tf 72 700 Td (After) Tj ET"), []string{"@1: After"}},
		{"furniture that is marked is left out", pdfPagesOf("", "/Artifact BMC BT /F1 9 Tf 72 20 Td (Page 1) Tj ET EMC BT /F1 12 Tf 72 700 Td (Body) Tj ET"), []string{"@1: Body"}},
		{"repeated headers and page numbers are left out", pdfPagesOf("", headed(1), headed(2), headed(3), headed(4), headed(5)),
			[]string{"@1: Alpha page text.", "@2: Bravo page text.", "@3: Charlie page text.", "@4: Delta page text.", "@5: Echo page text."}},
		{"a form that draws itself ends", pdfOf("/Root 1 0 R",
			"<< /Pages 2 0 R >>", "<< /Kids [4 0 R] /Count 1 >>", "<< /Subtype /Type1 /BaseFont /Courier >>",
			"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources 6 0 R >>", streamOf("", "/X Do"),
			"<< /Font << /F1 3 0 R >> /XObject << /X 7 0 R >> >>",
			streamOf("/Subtype /Form", "BT /F1 12 Tf 72 700 Td (Form) Tj ET /X Do")), []string{"@1: Form"}},
		{"a composite font is read through its map", pdfOf("/Root 1 0 R",
			"<< /Pages 2 0 R >>", "<< /Kids [4 0 R] /Count 1 >>",
			"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /W [1 [700 500] 3 5 250] >>] >>",
			"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
			streamOf("", "BT /F1 12 Tf 72 700 Td <000100020003> Tj <00030004> Tj <0005> Tj ET"), streamOf("", cmap)), []string{"@1: Hellop"}},
		{"bytes around the file don't matter", append(append([]byte("\n\n\n"), pdfPagesOf("", "BT /F1 12 Tf 72 700 Td (Shifted) Tj ET")...), "\x00\x00garbage"...), []string{"@1: Shifted"}},
		{"a newer version is read", []byte(strings.Replace(string(pdfPagesOf("", "BT /F1 12 Tf 72 700 Td (New) Tj ET")), "PDF-1.4", "PDF-2.0", 1)), []string{"@1: New"}},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, outline(mustExtract(t, tc.data, "x.pdf"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func headed(page int) string {
	word := []string{"Alpha", "Bravo", "Charlie", "Delta", "Echo"}[page-1]
	return fmt.Sprintf("BT /F1 9 Tf 72 780 Td (Annual report) Tj ET BT /F1 11 Tf 72 700 Td (%s page text.) Tj ET BT /F1 9 Tf 300 30 Td (%d of 5) Tj ET", word, page)
}

func TestPDFFailures(t *testing.T) {
	good := pdfPagesOf("", "BT /F1 12 Tf 72 700 Td (Text) Tj ET")
	for _, tc := range []struct {
		behaviour string
		data      []byte
		limits    Limits
		want      error
	}{
		{"cut off", good[:len(good)/2], Limits{}, ErrBroken},
		{"only a header", []byte("%PDF-1.4\n%%EOF"), Limits{}, ErrBroken},
		{"objects that are not where the table says", []byte(strings.ReplaceAll(string(good), "0 obj", "0 jbo")), Limits{}, ErrBroken},
		{"no pages", pdfOf("/Root 1 0 R", "<< /Pages 2 0 R >>", "<< /Kids [] /Count 0 >>"), Limits{}, ErrBroken},
		{"a tree of pages that bites its tail", pdfOf("/Root 1 0 R", "<< /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"), Limits{}, ErrBroken},
		{"encrypted with a password", pdfOf("/Root 1 0 R /ID [(0123456789abcdef) (x)] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ("+strings.Repeat("o", 32)+") /U ("+strings.Repeat("u", 32)+") >>",
			"<< /Pages 2 0 R >>", "<< /Kids [] /Count 0 >>"), Limits{}, ErrEncrypted},
		{"encrypted in a way that the library doesn't know", pdfOf("/Root 1 0 R /Encrypt << /Filter /Standard /V 5 /R 6 >>", "<< /Pages 2 0 R >>", "<< /Kids [] >>"), Limits{}, ErrEncrypted},
		{"scanned pages", pdfPagesOf("", "q 600 0 0 800 0 0 cm /Im0 Do Q"), Limits{}, ErrNoText},
		{"glyphs without characters", pdfOf("/Root 1 0 R", "<< /Pages 2 0 R >>", "<< /Kids [4 0 R] >>", "<< /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< >>] >>",
			"<< /Type /Page /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> >>", streamOf("", "BT /F1 12 Tf <00010002> Tj ET")), Limits{}, ErrNoText},
		{"too many pages", pdfPagesOf("", "", "", ""), Limits{MaxPages: 2}, ErrTooLarge},
		{"more text than allowed", pdfPagesOf("", "BT /F1 12 Tf 72 700 Td ("+strings.Repeat("word ", 1000)+") Tj ET"), Limits{MaxText: 1000}, ErrTooLarge},
	} {
		for where, x := range map[string]*Extractor{"here": here(tc.limits), "in a child": withChild(t, tc.limits)} {
			t.Run(tc.behaviour+" "+where, func(t *testing.T) {
				_, err := extractWith(x, tc.data, "x.pdf")
				if !errors.Is(err, tc.want) {
					t.Fatalf("got %v, want %v", err, tc.want)
				}
				checkFailure(t, err)
			})
		}
	}
}

func TestAPDFWhoseTablesFormACycleEnds(t *testing.T) {
	loop := pdfOf("/Root 1 0 R /Prev START", "<< /Pages 2 0 R >>", "<< /Kids [] >>")
	_, err := extractWith(withChild(t, Limits{}), loop, "x.pdf")
	if !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	checkFailure(t, err)
}

// No child begins and reads megabytes in a millisecond.
func TestASlowParseOfALargeFileIsKilledAtItsDeadline(t *testing.T) {
	x := withChild(t, Limits{MaxTime: time.Millisecond})
	_, err := extractWith(x, []byte(strings.Repeat("# Title\n\nSome *text* here.\n\n", 100_000)), "x.md")
	if !errors.Is(err, ErrTimedOut) {
		t.Fatalf("got %v", err)
	}
}

func TestALargeFileIsReadInAChildAsItIsHere(t *testing.T) {
	data := []byte(strings.Repeat("# Title\n\nSome *text* here.\n\n- item\n\n", 5000))
	here, err := extractWith(here(Limits{}), data, "x.md")
	if err != nil {
		t.Fatal(err)
	}
	there, err := extractWith(withChild(t, Limits{}), data, "x.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(here, there); diff != "" {
		t.Error(diff)
	}
}

func TestAPDFThatEatsMemoryDiesAlone(t *testing.T) {
	bomb := pdfPagesOf("", strings.Repeat(" ", 100<<20)+"BT /F1 12 Tf 72 700 Td (Text) Tj ET")
	_, err := extractWith(withChild(t, Limits{ChildMemory: 160 << 20}), bomb, "x.pdf")
	if !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	checkFailure(t, err)
}

func TestAPageThatCrashesPDFiumCostsOnlyItself(t *testing.T) {
	text := func(s string) string { return "BT /F1 12 Tf 72 700 Td (" + s + ") Tj ET" }
	data := pdfPagesOf("", text("One"), strings.Repeat(" ", 60<<20)+text("Two"), text("Three"))
	doc, err := extractWith(here(Limits{ChildMemory: 160 << 20}), data, "x.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"@1: One", "@3: Three"}, outline(doc)); diff != "" {
		t.Error(diff)
	}
	if len(doc.Warnings) != 1 || !strings.Contains(doc.Warnings[0], "page 2") {
		t.Errorf("warnings: %q", doc.Warnings)
	}
}

func TestAChildThatCannotStartIsNotTheFilesFault(t *testing.T) {
	x := New(Limits{Child: []string{"/nonexistent/parley", "x"}})
	_, err := extractWith(x, pdfPagesOf("", "BT ET"), "x.pdf")
	for _, member := range family {
		if err == nil || errors.Is(err, member) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestPDFTextFromRightToLeftIsInReadingOrder(t *testing.T) {
	// A line as it stands on the page, from the left; x is the width of each.
	visual := func(s string) (runs []run) {
		x := 0.0
		for _, r := range s {
			runs = append(runs, run{text: string(r), start: x, end: x + 6, size: 12, dirX: 1})
			x += 6
		}
		return runs
	}
	for _, tc := range []struct{ behaviour, seen, want string }{
		{"Hebrew", "םלוע םולש", "שלום עולם"},
		{"numbers keep their order", "12.5 לש הלחנה", "הנחלה של 12.5"},
		{"Latin words within", "PDF ץבוק", "קובץ PDF"},
		{"a Hebrew word in an English line", "The word םולש means peace", "The word שלום means peace"},
	} {
		line, ok := lineOf(1, visual(tc.seen))
		if !ok || line.text != tc.want {
			t.Errorf("%s: %q is read as %q, want %q", tc.behaviour, tc.seen, line.text, tc.want)
		}
	}
	// The same in the order of reading, as other programs write it.
	runs := visual("םלוע םולש")
	slices.Reverse(runs)
	if line, _ := lineOf(1, runs); line.text != "שלום עולם" {
		t.Errorf("in the order of reading: %q", line.text)
	}
	marks := append(visual("םלש"), run{text: "\u05c1", start: 13, end: 17, size: 12, dirX: 1})
	if line, _ := lineOf(1, marks); line.text != "ש\u05c1לם" {
		t.Errorf("with a mark: %q", line.text)
	}
	if got := withoutForms("\ufedf\ufee0\ufef4\ufefb"); got != "لليلا" {
		t.Errorf("Arabic forms: %q", got)
	}
}

func TestPDFCommentsAndFieldsAreRead(t *testing.T) {
	data := pdfOf("/Root 1 0 R", "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>", "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> /Annots [6 0 R 7 0 R 8 0 R] >>",
		streamOf("", "BT /F1 12 Tf 72 700 Td (Body) Tj ET"),
		"<< /Type /Annot /Subtype /Text /T (Ann) /Contents (Is this right?) /Rect [10 10 20 20] >>",
		"<< /Type /Annot /Subtype /Widget /FT /Tx /T (City) /V (Lyon) /Rect [10 30 90 40] >>",
		"<< /Type /Annot /Subtype /Text /F 2 /Contents (hidden) /Rect [10 10 20 20] >>")
	want := []string{"@1: Body", "@1: Comment by Ann: Is this right?", "@1: City: Lyon"}
	if diff := cmp.Diff(want, outline(mustExtract(t, data, "x.pdf"))); diff != "" {
		t.Error(diff)
	}
}

func TestPDFTellsWhichCharactersCannotBeRead(t *testing.T) {
	// Two glyphs of a font that says nothing, among 40 characters.
	page := func(readable string) []byte {
		return pdfOf("/Root 1 0 R", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
			"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 600 >>] >>",
			"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F1 3 0 R /F2 6 0 R >> >> >>",
			streamOf("", "BT /F2 12 Tf 72 700 Td ("+readable+") Tj /F1 12 Tf 0 -30 Td <00010002> Tj ET"),
			"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	}
	doc := mustExtract(t, page("A sentence that is long enough to be worth it."), "x.pdf")
	if len(doc.Warnings) != 1 || !strings.Contains(doc.Warnings[0], "2 of 39 characters") {
		t.Errorf("warnings: %q", doc.Warnings)
	}
	_, err := extractWith(here(Limits{}), page("Short"), "x.pdf")
	if !errors.Is(err, ErrNoText) || !strings.Contains(sentence(err), "%") {
		t.Errorf("mostly unreadable: %v", err)
	}
}

func TestPDFLayersThatAreOff(t *testing.T) {
	for _, tc := range []struct{ behaviour, properties, want string }{
		{"one that is off", "/D << /OFF [7 0 R] >>", "Shown"},
		{"one that is on", "/D << /ON [7 0 R] >>", "Shown Layer"},
		{"all off but for those that are on", "/D << /BaseState /OFF >>", "Shown"},
	} {
		data := pdfOf("/Root 1 0 R", "<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [7 0 R] "+tc.properties+" >> >>", "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
			"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
			"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> /Properties << /L 7 0 R >> >> >>",
			streamOf("", "BT /F1 12 Tf 72 700 Td (Shown) Tj /OC /L BDC 60 0 Td (Layer) Tj EMC ET"), "<< >>",
			"<< /Type /OCG /Name <FEFF00450069006E> >>")
		if got := mustExtract(t, data, "x.pdf").Blocks[0].Text; got != tc.want {
			t.Errorf("%s: %q, want %q", tc.behaviour, got, tc.want)
		}
	}
}

func TestNoFilePaysForTheLibraryThatReadsIt(t *testing.T) {
	// It takes seconds to be compiled, and under the race detector half a minute.
	for name, x := range map[string]*Extractor{"in this process": here(Limits{}), "in a child": withChild(t, Limits{})} {
		t.Run(name, func(t *testing.T) {
			x.limits.MaxTime = time.Nanosecond
			if _, err := extractWith(x, []byte("%PDF-1.7\n1 0 obj <<"), "a.pdf"); !errors.Is(err, ErrTimedOut) {
				t.Errorf("got %v", err)
			}
			if !x.prepared {
				t.Error("the library is not there for the next file")
			}
		})
	}
}
