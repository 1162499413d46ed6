package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/corpora/internal/core/document"
)

func TestFailures(t *testing.T) {
	word := docxOf(t, paragraphXML("", "Text"))
	encrypted := bytes.Clone(word)
	for i := range encrypted { // the flag in each entry of the directory
		if bytes.HasPrefix(encrypted[i:], []byte("PK\x01\x02")) {
			encrypted[i+8] |= 1
		}
	}
	ole := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...)
	locked := append(bytes.Clone(ole), "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"...)
	deep := strings.Repeat("[", 300) + "1" + strings.Repeat("]", 300)
	for _, tc := range []struct {
		behaviour string
		data      []byte
		limits    Limits
		want      error
		says      string
	}{
		{"empty", nil, Limits{}, ErrEmpty, "empty"},
		{"larger than allowed", []byte("some text"), Limits{MaxBytes: 4}, ErrTooLarge, "at most 4"},
		{"only blanks", []byte(" \n\t\n"), Limits{}, ErrNoText, "no text"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"), Limits{}, ErrUnsupported, "image/png"},
		{"a program", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 200)...), Limits{}, ErrUnsupported, "can't be read"},
		{"old Word", ole, Limits{}, ErrUnsupported, "DOCX"},
		{"Word with a password", locked, Limits{}, ErrEncrypted, "password"},
		{"zip with a password", encrypted, Limits{}, ErrEncrypted, "password"},
		{"zip of something else", zipOf(t, "a.txt", "text"), Limits{}, ErrUnsupported, "archive"},
		{"zip cut off", word[:len(word)/2], Limits{}, ErrBroken, "damaged"},
		{"zip with a bad checksum", bytes.Replace(word, []byte("PK\x01\x02"), []byte("PK\x01\x03"), 1), Limits{}, ErrBroken, "damaged"},
		{"too many entries", word, Limits{MaxEntries: 3}, ErrTooLarge, "entries"},
		{"DOCX that ends in the middle", docxOf(t, "<w:p><w:r><w:t>Text"), Limits{}, ErrBroken, "DOCX"},
		{"DOCX that is no XML", zipOf(t, "word/document.xml", "<w:p <<<"), Limits{}, ErrBroken, "DOCX"},
		{"DOCX without text", docxOf(t, "<w:p/>") /* but a footnote */, Limits{MaxText: 1}, ErrTooLarge, "text"},
		{"DOCX nested without end", docxOf(t, strings.Repeat("<w:sdt>", 2000)+strings.Repeat("</w:sdt>", 2000)), Limits{}, ErrTooLarge, "deep"},
		{"zip bomb by size", docxOf(t, strings.Repeat(" ", 3<<20)), Limits{MaxInflated: 1 << 20}, ErrTooLarge, "unpacks"},
		{"zip bomb by ratio", docxOf(t, strings.Repeat(" ", 6<<20)), Limits{}, ErrTooLarge, "times its size"},
		{"PPTX with a missing slide", zipOf(t, "ppt/presentation.xml", `<p:p><p:sldId r:id="x"/></p:p>`), Limits{}, ErrBroken, "PPTX"},
		{"PPTX with too many slides", pptxOf(t, "", ""), Limits{MaxPages: 1}, ErrTooLarge, "pages"},
		{"XLSX with a missing sheet", zipOf(t, "xl/workbook.xml", `<w><sheet name="a" r:id="x"/></w>`), Limits{}, ErrBroken, "XLSX"},
		{"XLSX without cells", xlsxOf(t, ""), Limits{}, ErrNoText, "XLSX"},
		{"page of scripts", []byte("<!doctype html><script>var a</script>"), Limits{}, ErrNoText, "HTML"},
		{"HTML nested without end", []byte("<html>" + strings.Repeat("<div>", 5000) + "x"), Limits{}, ErrBroken, "HTML"},
		{"JSON nested without end", []byte(deep), Limits{}, ErrTooLarge, "deep"},
		{"JSON without values", []byte(`{"a":null}`), Limits{}, ErrNoText, "JSON"},
		{"mail with too many parts", []byte("From: a@b.c\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 50)), Limits{MaxEntries: 10}, ErrTooLarge, "parts"},
		{"more text than allowed", []byte(strings.Repeat("word ", 100)), Limits{MaxText: 100}, ErrTooLarge, "text"},
		{"more paragraphs than allowed", []byte(strings.Repeat("word\n\n", 100)), Limits{MaxBlocks: 10}, ErrTooLarge, "paragraphs"},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			_, err := extractWith(here(tc.limits), tc.data, "upload")
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			checkFailure(t, err)
			if !strings.Contains(sentence(err), tc.says) {
				t.Errorf("%q doesn't say %q", sentence(err), tc.says)
			}
		})
	}
}

func TestAFileThatCantBeReadStillSaysWhatItIs(t *testing.T) {
	for behaviour, c := range map[string]struct {
		data []byte
		want string
	}{
		"a sheet without cells":          {xlsxOf(t, ""), formatXLSX.mime},
		"a document cut off in the text": {docxOf(t, "<w:p><w:r><w:t>Text"), formatDOCX.mime},
		"a page of scripts":              {[]byte("<!doctype html><script>var a</script>"), "text/html"},
		"a scanned PDF":                  {pdfPagesOf("", "q 600 0 0 800 0 0 cm /Im0 Do Q"), "application/pdf"},
		"a picture":                      {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"), ""},
	} {
		for where, x := range map[string]*Extractor{"here": here(Limits{}), "in a child": withChild(t, Limits{})} {
			doc, err := extractWith(x, c.data, "upload")
			if err == nil || doc.MIME != c.want || len(doc.Blocks) > 0 {
				t.Errorf("%s, %s: %+v, %v", behaviour, where, doc, err)
			}
		}
	}
}

// stuck is a source whose reads never end.
type stuck struct{ release chan struct{} }

func (s stuck) ReadAt([]byte, int64) (int, error) {
	<-s.release
	return 0, io.EOF
}

func TestAReadThatNeverEndsTimesOutAndKeepsItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := stuck{make(chan struct{})}
		x := New(Limits{MaxTime: time.Minute, Parallel: 1})
		_, err := x.Extract(context.Background(), src, 10, document.Hint{Name: "a"})
		if !errors.Is(err, ErrTimedOut) {
			t.Fatalf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err = x.Extract(ctx, strings.NewReader("text"), 4, document.Hint{Name: "a"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("with the only slot taken: %v", err)
		}
		close(src.release)
		synctest.Wait()
		if _, err = x.Extract(context.Background(), strings.NewReader("text"), 4, document.Hint{Name: "a"}); err != nil {
			t.Fatalf("with the slot free again: %v", err)
		}
	})
}

func TestACancelledExtractionSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, x := range map[string]*Extractor{"here": here(Limits{}), "in a child": withChild(t, Limits{})} {
		data := pdfPagesOf("", "BT ET")
		if _, err := x.Extract(ctx, bytes.NewReader(data), int64(len(data)), document.Hint{Name: "a"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

var errDisk = errors.New("disk gone")

func TestASourceThatCannotBeReadIsNotTheFilesFault(t *testing.T) {
	_, err := here(Limits{}).Extract(context.Background(), failing{}, 10, document.Hint{Name: "a"})
	if !errors.Is(err, errDisk) || errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
}

func TestServeChildRefusesWhatIsNoTask(t *testing.T) {
	for _, in := range []string{"", "x\n", `{"Size":-1}` + "\n", `{"Size":999999999999}` + "\n"} {
		if err := ServeChild(context.Background(), strings.NewReader(in), io.Discard); err == nil {
			t.Errorf("%q was served", in)
		}
	}
}
