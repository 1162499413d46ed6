package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"mime/multipart"
	"net/http"

	"parley/platform/kernel/idempotency"
)

// digest is taken of an upload while it streams: of its parts' names, file
// names and contents, in order. The boundary between them is another one in
// every request. A nil digest takes none.
type digest struct {
	hash   hash.Hash
	of     *multipart.Reader
	size   uint64 // of the open part, in bytes
	ended  bool
	broken bool
}

type digestKey struct{}

// digested is a context in which an upload's digest is taken; nil for other
// bodies.
func digested(ctx context.Context, r *http.Request, secret []byte) (context.Context, *digest) {
	if !isMultipart(r) {
		return ctx, nil
	}
	d := &digest{hash: hmac.New(sha256.New, secret)}
	return context.WithValue(ctx, digestKey{}, d), d
}

func digestOf(ctx context.Context) *digest {
	d, _ := ctx.Value(digestKey{}).(*digest)
	return d
}

// part begins a part and answers its content, which is to be read from it.
func (d *digest) part(p *multipart.Part) io.Reader {
	if d == nil {
		return p
	}
	d.size = 0
	d.text(p.FormName())
	d.text(p.FileName())
	return counted{d, p}
}

// endPart reads what fn has left of a part.
func (d *digest) endPart(content io.Reader) error {
	if d == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		d.broken = true
		return err
	}
	d.number(d.size)
	return nil
}

func (d *digest) end() {
	if d != nil {
		d.ended = true
	}
}

// whole reports whether there is nothing left to read.
func (d *digest) whole() bool { return d == nil || d.of == nil || d.ended }

// sum answers the digest, "" when there is none. What the handler has left is
// read for it.
func (d *digest) sum() string {
	if d == nil || d.of == nil {
		return ""
	}
	for n := 0; !d.ended && !d.broken; n++ {
		part, err := d.of.NextPart()
		switch {
		case err == io.EOF:
			d.end()
		case err != nil || n == maxParts || d.endPart(d.part(part)) != nil:
			d.broken = true
		}
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}

func (d *digest) number(n uint64) { d.hash.Write(binary.BigEndian.AppendUint64(nil, n)) }

func (d *digest) text(s string) {
	d.number(uint64(len(s)))
	io.WriteString(d.hash, s)
}

// counted is the content of a part, whose digest is taken as it is read.
type counted struct {
	digest *digest
	from   io.Reader
}

// Read implements io.Reader.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.digest.hash.Write(p[:n])
	c.digest.size += uint64(n)
	return n, err
}

// sameUpload reads an upload whose key has an answer, and says whether it is
// the one that was answered.
func (s *Server) sameUpload(r *http.Request, answered string) error {
	ctx, d := digested(r.Context(), r, s.config.Secret)
	if d == nil || answered == "" {
		return nil
	}
	var m Multipart[struct{}]
	if err := m.open(r.WithContext(ctx), s.config.MaxUpload, nil); err != nil {
		return err
	}
	if err := m.Each(func(Part) error { return nil }); err != nil {
		return err
	}
	if !hmac.Equal([]byte(d.sum()), []byte(answered)) {
		return idempotency.ErrKeyReused
	}
	return nil
}
