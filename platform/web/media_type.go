package web

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// utf8Names are the names of UTF-8, and of its part that needs no more.
var utf8Names = []string{"utf-8", "utf8", "us-ascii"}

// headerOnce is a header that may be sent once: of two, another reader on the
// way may take the other one.
func headerOnce(r *http.Request, name string) (string, error) {
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", ErrMalformed.WithMessage(fmt.Sprintf("The header %s is given twice.", name)).WithField(name, "is given twice")
	}
	return r.Header.Get(name), nil
}

// refuseCoding refuses a body that is compressed, or may be.
func refuseCoding(r *http.Request) error {
	for _, coding := range r.Header.Values("Content-Encoding") {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return ErrContentType.WithMessage("Send the body without a Content-Encoding.")
		}
	}
	return nil
}

// readBody reads a small body of the given content type. A body without a
// content type is taken at its word.
func readBody(r *http.Request, want string, limit int64) ([]byte, error) {
	if err := refuseCoding(r); err != nil {
		return nil, err
	}
	raw, err := readAll(r, limit)
	if err != nil {
		return nil, err
	}
	got, err := headerOnce(r, "Content-Type")
	if err != nil {
		return nil, err
	}
	if got != "" && len(raw) > 0 {
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != want {
			return nil, ErrContentType.WithMessage("Send the body as " + want + ".")
		}
		// JSON in another encoding would be stored as what it does not say. A
		// form is ASCII whatever it declares.
		if charset := params["charset"]; want == "application/json" && charset != "" && !slices.Contains(utf8Names, strings.ToLower(charset)) {
			return nil, ErrContentType.WithMessage("Send the body in UTF-8.")
		}
	}
	return raw, nil
}
