package extract

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// detectZip tells what an archive is by the document that it says it holds.
func detectZip(ctx context.Context, src source, limits Limits) (format, error) {
	r, err := zip.NewReader(src, src.size)
	if err != nil {
		return format{}, broken("file", err)
	}
	if len(r.File) > limits.MaxEntries {
		return format{}, tooLarge("The file is an archive of %d entries, and at most %d can be read.", len(r.File), limits.MaxEntries)
	}
	for _, f := range r.File {
		if f.Flags&1 != 0 {
			return format{}, ErrEncrypted
		}
	}
	a, err := openArchive(src, "file", newBuilder(ctx, limits))
	if err != nil {
		return format{}, err
	}
	if f, found := a.openDocument(); found {
		return f, a.locked()
	}
	main, err := a.mainPart()
	if err != nil {
		return format{}, err
	}
	switch root := a.root(main); {
	case strings.HasSuffix(main, ".bin"):
		return format{}, unsupported("The file is XLSB, a binary Excel workbook, which can't be read. Save it as XLSX.")
	case root == "document":
		return formatDOCX, nil
	case root == "presentation":
		return formatPPTX, nil
	case root == "workbook":
		return formatXLSX, nil
	case strings.HasPrefix(main, "word/"):
		return formatDOCX, nil
	case strings.HasPrefix(main, "ppt/"):
		return formatPPTX, nil
	case strings.HasPrefix(main, "xl/"):
		return formatXLSX, nil
	}
	if a.has("Index/Document.iwa") || a.has("Index.zip") {
		return format{}, unsupported("The file is of Apple Pages, Numbers or Keynote, which can't be read. Export it as PDF or in an Office format.")
	}
	return format{}, unsupported("The file is an archive. Unpack it and upload the documents in it.")
}

// openDocument knows the formats whose archives carry their MIME type: those
// of OpenDocument, and EPUB.
func (a *archive) openDocument() (format, bool) {
	switch kind := a.head("mimetype"); {
	case strings.HasPrefix(kind, odfMIME+"text"):
		return formatODT, true
	case strings.HasPrefix(kind, odfMIME+"spreadsheet"):
		return formatODS, true
	case strings.HasPrefix(kind, odfMIME+"presentation"), strings.HasPrefix(kind, odfMIME+"graphics"):
		return formatODP, true
	case strings.HasPrefix(kind, "application/epub"), kind == "" && a.has(epubContainer):
		return formatEPUB, true
	}
	return format{}, false
}

// locked reports an OpenDocument file with a password.
func (a *archive) locked() error {
	err := a.each("META-INF/manifest.xml", func(tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "encryption-data" {
			return ErrEncrypted
		}
		return nil
	})
	if errors.Is(err, ErrEncrypted) {
		return ErrEncrypted
	}
	return nil
}

// mainParts are the usual names of main parts.
var mainParts = []string{"word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"}

// mainPart is the part that the archive says is its document, or one with a
// usual name, or "".
func (a *archive) mainPart() (string, error) {
	rels, err := a.relations("")
	if err := a.side(err, "A part of the file that tells where its document is can't be read."); err != nil {
		return "", err
	}
	for _, name := range append(allRelated(rels, "officeDocument"), mainParts...) {
		if a.has(name) {
			return name, nil
		}
	}
	return "", nil
}

var errFound = errors.New("found")

// root is the local name of a part's outermost element, or "".
func (a *archive) root(name string) (root string) {
	_ = a.each(name, func(tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok {
			root = e.Name.Local
			return errFound
		}
		return nil
	})
	return root
}

// head is the start of a part as text, or "".
func (a *archive) head(name string) string {
	file := a.files[strings.ToLower(name)]
	if file == nil {
		return ""
	}
	r, err := file.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	const longest = 200
	data, err := io.ReadAll(io.LimitReader(r, longest))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
