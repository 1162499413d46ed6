package extract

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
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
	if utf16Order(data) != nil {
		data = []byte(decodeText(data))
	}
	m := &mailReader{out: out, parts: out.limits.MaxEntries}
	err = m.message(bytes.NewReader(mailStart(data)), 0)
	switch {
	case out.err != nil:
		return out.err
	case errors.Is(err, errTooManyParts):
		return tooLarge("The mail has more than %d parts.", out.limits.MaxEntries)
	case err != nil:
		return broken("mail", err)
	}
	return nil
}

// mailStart skips a byte order mark and the separator line of mbox files.
func mailStart(data []byte) []byte {
	data = trimBOM(data)
	if bytes.HasPrefix(data, []byte("From ")) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return data[i+1:]
		}
	}
	return data
}

type mailReader struct {
	out   *builder
	parts int // still allowed
	mails int // open around the current part
}

var headerWords = &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

func headerText(s string) string {
	if decoded, err := headerWords.DecodeHeader(s); err == nil {
		s = decoded
	}
	if strings.ContainsRune(s, '\ufffd') || !isPlainASCII(s) {
		s = decodeText([]byte(s))
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
		return m.message(transfer(header, body), depth+1)
	case disposition == "attachment" || name != "" || !strings.HasPrefix(kind, "text/"):
		if name == "" {
			name = kind
		}
		m.out.paragraph("Attachment: " + name)
		return nil
	}
	data, err := io.ReadAll(transfer(header, body))
	if err != nil && len(data) == 0 {
		return fmt.Errorf("reading a part: %w", err)
	}
	if kind == "text/html" {
		return htmlDocument(data, header.Get("Content-Type"), m.out)
	}
	plainText(inCharset(data, params["charset"]), m.out)
	return nil
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
		if err != nil && len(data) == 0 {
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

// transfer undoes the transfer encoding.
func transfer(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &base64Only{body})
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// base64Only drops the blanks and stray characters that mailers leave between
// lines.
type base64Only struct{ r io.Reader }

func (b *base64Only) Read(p []byte) (int, error) {
	for {
		n, err := b.r.Read(p)
		kept := p[:0]
		for _, c := range p[:n] {
			if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil {
			return len(kept), err
		}
	}
}

func inCharset(data []byte, label string) string {
	if label == "" || strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "utf-8") {
		return decodeText(data)
	}
	r, err := charset.NewReaderLabel(label, bytes.NewReader(data))
	if err != nil {
		return decodeText(data)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return decodeText(data)
	}
	return string(out)
}
