package extract

import (
	"bytes"
	"net/mail"
	"net/textproto"
	"path"
	"strings"
)

// chunk reads a document that stands within a DOCX file as it is, which the
// program that opens the file is to convert. Programs that make documents of web
// pages write whole files so.
func (a *archive) chunk(r relation) error {
	data, err := a.read(r.target)
	if err != nil || len(data) == 0 {
		return a.side(err, "A part of the document can't be read.")
	}
	switch strings.ToLower(path.Ext(r.target)) {
	case ".mht", ".mhtml", ".eml":
		err = webArchive(data, a.out)
	case ".html", ".htm", ".xhtml":
		err = htmlDocument(data, "text/html", a.out)
	case ".txt":
		var text string
		if text, err = decode(data, ""); err == nil {
			plainText(text, a.out)
		}
	default:
		a.out.warn("A part of the document is a file within it that can't be read. Open the document, save it, and upload that copy.")
	}
	return a.side(err, "A part of the document can't be read.")
}

// webArchive reads a web page that was saved as one file: a mail whose parts
// are the page and what it shows.
func webArchive(data []byte, out *builder) error {
	msg, err := mail.ReadMessage(bytes.NewReader(trimBOM(data)))
	if err != nil {
		return broken("page", err)
	}
	m := &mailReader{out: out, parts: out.limits.MaxEntries, page: true}
	if err := m.part(textproto.MIMEHeader(msg.Header), msg.Body, 0); err != nil && out.err == nil {
		return broken("page", err)
	}
	return out.err
}
