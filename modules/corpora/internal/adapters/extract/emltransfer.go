package extract

import (
	"bufio"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

// transfer undoes the transfer encoding.
func transfer(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return &base64Reader{r: bufio.NewReader(body)}
	case "quoted-printable":
		return quotedprintable.NewReader(&printableOnly{body})
	}
	return body
}

// base64Reader reads pieces that were encoded one by one, each with padding of
// its own, and passes over what belongs to none.
type base64Reader struct {
	r    *bufio.Reader
	left []byte
	err  error
}

func (b *base64Reader) Read(p []byte) (int, error) {
	for len(b.left) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

// fill decodes up to the next padding.
func (b *base64Reader) fill() {
	const most = 4 << 10
	digits := make([]byte, 0, most)
	for len(digits) < most {
		c, err := b.r.ReadByte()
		if err != nil {
			b.err = err
			break
		}
		if c == '=' {
			break
		}
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			digits = append(digits, c)
		}
	}
	if len(digits)%4 == 1 { // no byte has so few
		digits = digits[:len(digits)-1]
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, err := base64.RawStdEncoding.Decode(data, digits)
	if err != nil && b.err == nil {
		b.err = err
	}
	b.left = data[:n]
}

// printableOnly replaces control characters, for which quoted-printable would
// be given up.
type printableOnly struct{ r io.Reader }

func (r *printableOnly) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i, c := range p[:n] {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f {
			p[i] = ' '
		}
	}
	return n, err
}
