package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// format is one kind of file this package reads.
type format struct {
	what string // as in "The ... is damaged"
	mime string
	read func(source, *builder) error
	// silent says what to do when a file of this format holds no text.
	silent string
}

const ooxml = "application/vnd.openxmlformats-officedocument."

var (
	formatPDF = format{what: "PDF", mime: "application/pdf", read: readPDF,
		silent: "The PDF has no text layer; its pages are probably scanned pictures. Run text recognition (OCR) on it and upload the result."}
	formatDOCX     = format{what: "DOCX file", mime: ooxml + "wordprocessingml.document", read: readDOCX}
	formatPPTX     = format{what: "PPTX file", mime: ooxml + "presentationml.presentation", read: readPPTX}
	formatXLSX     = format{what: "XLSX file", mime: ooxml + "spreadsheetml.sheet", read: readXLSX}
	formatHTML     = format{what: "HTML page", mime: "text/html", read: readHTML}
	formatMarkdown = format{what: "Markdown file", mime: "text/markdown", read: readMarkdown}
	formatText     = format{what: "text file", mime: "text/plain", read: readText}
	formatCSV      = format{what: "CSV file", mime: "text/csv", read: readCSV}
	formatJSON     = format{what: "JSON file", mime: "application/json", read: readJSON}
	formatEML      = format{what: "mail", mime: "message/rfc822", read: readEML}
)

// headSize is how much of a file decides its format.
const headSize = 64 << 10

func (s source) head() ([]byte, error) {
	buf := make([]byte, min(s.size, headSize))
	n, err := s.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the source: %w", err)
	}
	return buf[:n], nil
}

// pdfHeaderWindow is how far into a file readers look for the PDF header.
const pdfHeaderWindow = 1024

func looksLikePDF(at io.ReaderAt) bool {
	buf := make([]byte, 2*pdfHeaderWindow)
	n, _ := at.ReadAt(buf, 0)
	return isPDF(buf[:n])
}

// isPDF looks for the header at the start of a line: printers put lines of
// their own before it, and prose mentions it within a line.
func isPDF(head []byte) bool {
	i := bytes.Index(head[:min(len(head), pdfHeaderWindow)], []byte("%PDF-"))
	if i < 0 {
		return false
	}
	before := trimBOM(head[:i])
	if len(bytes.TrimSpace(before)) == 0 || !isText(before) {
		return true
	}
	last := before[len(before)-1]
	return (last == '\n' || last == '\r') && bytes.Contains(head[i:], []byte(" obj"))
}

func detect(src source, limits Limits) (format, error) {
	head, err := src.head()
	if err != nil {
		return format{}, err
	}
	switch {
	case isPDF(head):
		return formatPDF, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return detectZip(src, limits)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return format{}, detectOLE(src)
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return format{}, unsupported("The file is RTF, which can't be read. Save it as DOCX.")
	}
	if !isText(head) {
		return format{}, unsupportedBinary(head)
	}
	return detectText(head, src), nil
}

func detectZip(src source, limits Limits) (format, error) {
	r, err := zip.NewReader(src, src.size)
	if err != nil {
		return format{}, broken("file", err)
	}
	if len(r.File) > limits.MaxEntries {
		return format{}, tooLarge("The file is an archive of %d entries, and at most %d can be read.", len(r.File), limits.MaxEntries)
	}
	found := format{}
	for _, f := range r.File {
		if f.Flags&1 != 0 {
			return format{}, ErrEncrypted
		}
		switch {
		case strings.EqualFold(f.Name, "word/document.xml"):
			found = formatDOCX
		case strings.EqualFold(f.Name, "ppt/presentation.xml"):
			found = formatPPTX
		case strings.EqualFold(f.Name, "xl/workbook.xml"):
			found = formatXLSX
		}
	}
	if found.read == nil {
		return format{}, unsupported("The file is an archive (or an Office format other than DOCX, PPTX and XLSX). Unpack it and upload the documents in it.")
	}
	return found, nil
}

// detectOLE tells encrypted Office files from those of before 2007: both are
// compound files, and only the former have a stream called EncryptedPackage.
func detectOLE(src source) error {
	const window = 1 << 20
	buf := make([]byte, min(src.size, window))
	n, _ := src.ReadAt(buf, 0)
	if bytes.Contains(buf[:n], []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e")) {
		return ErrEncrypted
	}
	return unsupported("The file is of an old Office format (DOC, XLS, PPT or MSG). Save it as DOCX, XLSX or PPTX.")
}

func unsupportedBinary(head []byte) error {
	mime := mimetype.Detect(head).String()
	if i := strings.IndexByte(mime, ';'); i >= 0 {
		mime = mime[:i]
	}
	if mime == "application/octet-stream" || strings.HasPrefix(mime, "text/") {
		return unsupported("The content of the file is of no type that can be read.")
	}
	return unsupported("The content of the file is " + mime + ", which can't be read as text.")
}

func detectText(head []byte, src source) format {
	text := decodeText(head)
	ext := strings.ToLower(filepath.Ext(src.name))
	switch {
	case looksLikeHTML(text, ext):
		return formatHTML
	case looksLikeJSON(src, text):
		return formatJSON
	case looksLikeMail(text):
		return formatEML
	case ext == ".md" || ext == ".markdown" || ext == ".mdown" || ext == ".mkd":
		return formatMarkdown
	case ext == ".txt" || ext == ".text" || ext == ".log":
		return formatText
	case looksLikeCSV(text, ext):
		return formatCSV
	case looksLikeMarkdown(text):
		return formatMarkdown
	}
	return formatText
}
