package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
)

// maxMailDepth bounds mails within mails.
const maxMailDepth = 20

// errTooManyParts is turned into a sentence by readEML.
var errTooManyParts = errors.New("too many parts")

func readEML(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	if enc, _ := utf16Order(data); enc != nil {
		text, err := decode(data, "")
		if err != nil {
			return err
		}
		data = []byte(text)
	}
	m := &mailReader{out: out, parts: out.limits.MaxEntries}
	for i, one := range mailsOf(data) {
		err := m.message(bytes.NewReader(one), 0)
		switch {
		case out.err != nil:
			return out.err
		case errors.Is(err, errTooManyParts):
			return tooLarge("The mail has more than %d parts.", out.limits.MaxEntries)
		case err != nil && i == 0:
			return broken("mail", err)
		case err != nil:
			out.warn("Mail %d of the file can't be read.", i+1)
		}
	}
	return nil
}

// mboxLine separates the mails of an mbox file: it has the sender and the time
// of delivery, and stands behind an empty line.
var mboxLine = regexp.MustCompile(`(?m)(?:\A|\n\r?\n)(From \S+ .*\d{4}.*\r?\n)`)

// mailsOf cuts an mbox file into its mails; any other file is one.
func mailsOf(data []byte) [][]byte {
	data = trimBOM(data)
	if !bytes.HasPrefix(data, []byte("From ")) {
		return [][]byte{data}
	}
	var out [][]byte
	places := mboxLine.FindAllSubmatchIndex(data, -1)
	for i, place := range places {
		end := len(data)
		if i+1 < len(places) {
			end = places[i+1][2]
		}
		out = append(out, data[place[3]:end])
	}
	if len(out) == 0 {
		_, rest, _ := bytes.Cut(data, []byte("\n"))
		out = append(out, rest)
	}
	return out
}

type mailReader struct {
	out   *builder
	parts int  // still allowed
	mails int  // open around the current part
	page  bool // the other parts are what the page shows, and no attachments
}

var headerWords = &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

func headerText(s string) string {
	if decoded, err := headerWords.DecodeHeader(s); err == nil {
		s = decoded
	}
	if strings.ContainsRune(s, '\ufffd') || !isPlainASCII(s) {
		if text, err := decode([]byte(s), ""); err == nil {
			s = text
		}
	}
	return oneLine(clean(s))
}

func (m *mailReader) message(r io.Reader, depth int) error {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return fmt.Errorf("reading the headers: %w", err)
	}
	if subject := headerText(msg.Header.Get("Subject")); subject != "" {
		m.out.setTitle(subject)
		m.out.heading(1+m.mails, subject)
	}
	var cells []string
	for _, key := range []string{"From", "To", "Cc", "Date"} {
		if value := headerText(msg.Header.Get(key)); value != "" {
			cells = append(cells, key+": "+value)
		}
	}
	m.out.row(cells)
	m.mails++
	defer func() { m.mails-- }()
	return m.part(textproto.MIMEHeader(msg.Header), msg.Body, depth)
}

// part writes one part of any type. A body that ends early is kept as far as
// it goes.
func (m *mailReader) part(header textproto.MIMEHeader, body io.Reader, depth int) error {
	if depth > maxMailDepth {
		return fmt.Errorf("mails and parts nested more than %d deep", maxMailDepth)
	}
	if m.parts--; m.parts < 0 {
		return errTooManyParts
	}
	if m.out.err != nil {
		return m.out.err
	}
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil && kind == "" {
		kind = "text/plain"
	}
	disposition, dparams, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	name := headerText(dparams["filename"])
	if name == "" {
		name = headerText(params["name"])
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		return m.multipart(kind, params["boundary"], body, depth)
	case kind == "message/rfc822":
		return m.nested(transfer(header, body), depth+1)
	case kind == "message/delivery-status" || kind == "text/rfc822-headers":
	case disposition == "attachment" || name != "" && disposition != "inline" || !strings.HasPrefix(kind, "text/"):
		if name == "" {
			name = kind
		}
		if !m.page {
			m.out.paragraph("Attachment: " + name)
		}
		return nil
	}
	data, err := io.ReadAll(transfer(header, body))
	if err != nil && len(data) == 0 {
		return fmt.Errorf("reading a part: %w", err)
	}
	if kind == "text/html" {
		return htmlDocument(data, header.Get("Content-Type"), m.out)
	}
	text, err := decode(data, params["charset"])
	if err != nil {
		return err
	}
	plainText(text, m.out)
	return m.out.err
}

// nested reads a mail within a mail. One that is damaged is shown as it is,
// and costs nothing else.
func (m *mailReader) nested(body io.Reader, depth int) error {
	data, err := io.ReadAll(body)
	if err != nil && len(data) == 0 {
		m.out.warn("A mail within the mail can't be read.")
		return nil
	}
	if _, err := mail.ReadMessage(bytes.NewReader(data)); err != nil {
		m.out.warn("A mail within the mail is damaged; it is read as plain text.")
		text, err := decode(data, "")
		if err != nil {
			return nil //nolint:nilerr // the owner has been warned
		}
		plainText(text, m.out)
		return m.out.err
	}
	return m.message(bytes.NewReader(data), depth)
}

// multipart of alternatives writes only one of them: plain text rather than
// HTML rather than anything else.
func (m *mailReader) multipart(kind, boundary string, body io.Reader, depth int) error {
	r := multipart.NewReader(body, boundary)
	type alternative struct {
		header textproto.MIMEHeader
		data   []byte
	}
	var best *alternative
	rank := 0
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			if len(m.out.blocks) > 1 || best != nil { // the text came before the damage
				break
			}
			return fmt.Errorf("reading a part: %w", err)
		}
		if kind != "multipart/alternative" {
			if err := m.part(p.Header, p, depth+1); err != nil {
				return err
			}
			continue
		}
		if m.parts--; m.parts < 0 {
			return errTooManyParts
		}
		r := alternativeRank(p.Header)
		if r <= rank {
			continue
		}
		data, err := io.ReadAll(p)
		if err != nil && len(data) == 0 || isBlankText(p.Header, data) {
			continue
		}
		best, rank = &alternative{header: p.Header, data: data}, r
	}
	if best != nil {
		return m.part(best.header, bytes.NewReader(best.data), depth+1)
	}
	return nil
}

func alternativeRank(h textproto.MIMEHeader) int {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case kind == "text/plain" || kind == "":
		return 4
	case kind == "text/html":
		return 3
	case strings.HasPrefix(kind, "multipart/"):
		return 2
	}
	return 1
}

// isBlankText: some mailers send an empty text beside the HTML.
func isBlankText(h textproto.MIMEHeader, data []byte) bool {
	if alternativeRank(h) < 4 {
		return false
	}
	text, err := io.ReadAll(transfer(h, bytes.NewReader(data)))
	return err == nil && len(bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\u00a0"), nil))) == 0
}
