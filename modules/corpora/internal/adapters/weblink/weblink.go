// Package weblink fetches pages of the public web.
package weblink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/net/html/charset"

	"parley/modules/corpora/internal/core"
	"parley/platform/safehttp"
)

// Fetcher implements core.Fetcher.
type Fetcher struct {
	client   *http.Client
	maxBytes int64
}

// New returns a fetcher of pages of at most maxBytes, unpacked. allowed are
// private addresses that may be reached, for tests.
func New(limits safehttp.Limits, maxBytes int64, allowed ...netip.Prefix) *Fetcher {
	return &Fetcher{client: safehttp.New(limits, allowed...), maxBytes: maxBytes}
}

// Fetch implements core.Fetcher.
func (f *Fetcher) Fetch(ctx context.Context, link, etag, lastModified string) (core.Fetched, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return core.Fetched{}, &core.FetchError{Sentence: "The link is no http or https URL.", Err: err}
	}
	r.Header.Set("User-Agent", "Parley")
	r.Header.Set("Accept", "text/html, application/xhtml+xml, text/*;q=0.9, */*;q=0.8")
	for name, value := range map[string]string{"If-None-Match": etag, "If-Modified-Since": lastModified} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return core.Fetched{}, explain(err)
	}
	if answer.StatusCode == http.StatusNotModified && etag+lastModified != "" {
		return core.Fetched{ETag: etag, LastModified: lastModified}, answer.Body.Close()
	}
	if answer.StatusCode != http.StatusOK {
		again := answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests ||
			answer.StatusCode == http.StatusRequestTimeout
		sentence := fmt.Sprintf("The server of the page answered with status %d.", answer.StatusCode)
		return core.Fetched{}, &core.FetchError{Sentence: sentence, Again: again, Err: answer.Body.Close()}
	}
	kind, parameters, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	return core.Fetched{
		Body: &page{ReadCloser: answer.Body, left: f.maxBytes}, MimeType: kind, Charset: charsetOf(parameters),
		ETag: clipped(answer.Header.Get("ETag")), LastModified: clipped(answer.Header.Get("Last-Modified")),
	}, nil
}

// charsetOf is the usual name of the encoding that a server declared, "" for
// none that is known.
func charsetOf(parameters map[string]string) string {
	_, name := charset.Lookup(parameters["charset"])
	return name
}

// clipped leaves out what is too long to be an honest value.
func clipped(value string) string {
	const most = 1_000
	if len(value) > most {
		return ""
	}
	return strings.ToValidUTF8(value, "")
}

// explain says why a request failed. What its server is to blame for may be
// better the next time.
func explain(err error) error {
	switch {
	case errors.Is(err, safehttp.ErrPrivate):
		return &core.FetchError{Sentence: "The link leads to an address that is not public.", Err: err}
	case errors.Is(err, safehttp.ErrForbidden):
		return &core.FetchError{Sentence: "The link leads to something that is no plain http or https URL.", Err: err}
	case errors.Is(err, safehttp.ErrRedirects):
		return &core.FetchError{Sentence: "The link is redirected too often.", Err: err}
	}
	return &core.FetchError{Sentence: "The server of the page could not be reached, or did not answer in time.", Again: true, Err: err}
}

// page is a body that has an end.
type page struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (p *page) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if p.left -= int64(n); p.left < 0 {
		return 0, &core.FetchError{Sentence: "The page is larger than a document may be."}
	}
	if err != nil && err != io.EOF {
		err = &core.FetchError{Sentence: "The page did not arrive completely, or not in time.", Again: true, Err: err}
	}
	return n, err
}
