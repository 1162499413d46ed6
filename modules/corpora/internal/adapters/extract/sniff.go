package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// format is one kind of file this package reads.
type format struct {
	what string // as in "The ... is damaged"
	mime string
	read func(source, *builder) error
	// silent says what to do when a file of this format has no text.
	silent string
}

const ooxml = "application/vnd.openxmlformats-officedocument."

var (
	formatPDF = format{what: "PDF", mime: "application/pdf", read: readPDF,
		silent: "The PDF has no text layer; its pages are probably scanned pictures. Run text recognition (OCR) on it and upload the result."}
	formatDOCX     = format{what: "DOCX file", mime: ooxml + "wordprocessingml.document", read: readDOCX}
	formatPPTX     = format{what: "PPTX file", mime: ooxml + "presentationml.presentation", read: readPPTX}
	formatXLSX     = format{what: "XLSX file", mime: ooxml + "spreadsheetml.sheet", read: readXLSX}
	formatODT      = format{what: "ODT file", mime: odfMIME + "text", read: readODF}
	formatODS      = format{what: "ODS file", mime: odfMIME + "spreadsheet", read: readODF}
	formatODP      = format{what: "ODP file", mime: odfMIME + "presentation", read: readODF}
	formatEPUB     = format{what: "EPUB file", mime: "application/epub+zip", read: readEPUB}
	formatRTF      = format{what: "RTF file", mime: "application/rtf", read: readRTF}
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

func detect(ctx context.Context, src source, limits Limits) (format, error) {
	head, err := src.head()
	if err != nil {
		return format{}, err
	}
	switch {
	case isPDF(head):
		return formatPDF, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return detectZip(ctx, src, limits)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return format{}, detectOLE(src)
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return formatRTF, nil
	}
	if !isText(head) {
		return format{}, unsupportedBinary(head)
	}
	return detectText(head, src), nil
}

// oleStreams are names in compound files that tell what these are.
var oleStreams = []struct {
	name string
	err  error
}{
	{"EncryptedPackage", ErrEncrypted}, // an Office file of today behind a password
	{"__properties_version1.0", unsupported("The file is MSG, a mail as Outlook saves it, which can't be read. Save the mail as EML, or print it to PDF.")},
	{"WordDocument", unsupported("The file is DOC, the format of Word from before 2007, which can't be read. Save it as DOCX.")},
	{"PowerPoint Document", unsupported("The file is PPT, the format of PowerPoint from before 2007, which can't be read. Save it as PPTX.")},
	{"Workbook", unsupported("The file is XLS, the format of Excel from before 2007, which can't be read. Save it as XLSX.")},
	{"Book", unsupported("The file is XLS, the format of Excel from before 2007, which can't be read. Save it as XLSX.")},
}

// detectOLE tells the old Office formats apart by the directory of the
// compound file, which may be anywhere in it.
func detectOLE(src source) error {
	const window = 1 << 20
	head := make([]byte, min(src.size, window))
	n, _ := src.ReadAt(head, 0)
	head = head[:n]
	directory := head
	if len(head) > 512 {
		shift := min(binary.LittleEndian.Uint16(head[30:]), 16)
		at := (int64(binary.LittleEndian.Uint32(head[48:])) + 1) << shift
		buf := make([]byte, 64<<10)
		n, _ := src.ReadAt(buf, at)
		directory = append(slices.Clone(buf[:n]), head...)
	}
	for _, stream := range oleStreams {
		var name []byte
		for _, c := range []byte(stream.name) {
			name = append(name, c, 0)
		}
		if bytes.Contains(directory, name) {
			return stream.err
		}
	}
	return unsupported("The file is of an old Office format, which can't be read. Save it as DOCX, XLSX or PPTX, or as PDF.")
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
	text := lineFeeds(sniffed(head))
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
