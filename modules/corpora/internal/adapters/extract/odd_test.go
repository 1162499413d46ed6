package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What programs write that is unusual, and that people's programs open.
func TestUnusualFilesAreRead(t *testing.T) {
	const page = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<h1>Caf=C3=A9</h1><p>Open at ten.\r\n" +
		"--b\r\nContent-Type: image/png\r\nContent-Location: a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
	within := func(name, content string) []byte {
		return zipOf(t, "_rels/.rels", relsOf("rId1", "officeDocument", "word/document.xml"),
			"word/document.xml", `<w:document xmlns:w="w" xmlns:r="r"><w:body>`+paragraphXML("", "Before.")+`<w:altChunk r:id="rId7"/>`+paragraphXML("", "After.")+`</w:body></w:document>`,
			"word/_rels/document.xml.rels", relsOf("rId7", "aFChunk", name), "word/"+name, content)
	}
	for name, c := range map[string]struct {
		data []byte
		name string
		want []string
	}{
		"a DOCX of a saved page":       {within("page.mht", page), "a.docx", []string{"Before.", "h1: Café", "Open at ten.", "After."}},
		"a DOCX of a page":             {within("page.html", "<h2>Rail</h2><p>Second class."), "a.docx", []string{"Before.", "h2: Rail", "Second class.", "After."}},
		"a DOCX of a text":             {within("a.txt", "Second class."), "a.docx", []string{"Before.", "Second class.", "After."}},
		"a DOCX of another DOCX":       {within("a.docx", "PK"), "a.docx", []string{"Before.", "After."}},
		"a DOCX of a damaged page":     {within("page.mht", "no header"), "a.docx", []string{"Before.", "After."}},
		"a zip with backslashes":       {zipOf(t, `_rels\.rels`, relsOf("rId1", "officeDocument", "word/document.xml"), `word\document.xml`, `<w:document xmlns:w="w"><w:body>`+paragraphXML("", "Here.")+`</w:body></w:document>`), "a.docx", []string{"Here."}},
		"a character style after \\*":  {[]byte(`{\rtf1\ansi{\stylesheet{\s0 Normal;}{\*\cs7 Link;}}\pard{\f0\*\cs7\cf0 The quick brown fox}{\*\unknown not here}\par}`), "a.rtf", []string{"The quick brown fox"}},
		"quotes behind a space in CSV": {[]byte("name, text\nada, \"one, two\"\n"), "a.csv", []string{"row: name: ada | text: one, two"}},
		"empty fields between tabs":    {[]byte("name\tnote\tyear\nada\t\t1843\nbob\tx\t1844\n"), "a.tsv", []string{"row: name: ada | year: 1843", "row: name: bob | note: x | year: 1844"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := mustExtract(t, c.data, c.name)
			if diff := cmp.Diff(c.want, outline(doc)); diff != "" {
				t.Error(diff)
			}
			if warned := strings.Contains(name, "another") || strings.Contains(name, "damaged"); warned != (len(doc.Warnings) > 0) {
				t.Errorf("warnings %q", doc.Warnings)
			}
		})
	}
}
