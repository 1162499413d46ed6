package queryfile

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"parley/modules/evaluations/internal/core"
)

// decode reads text. A mark at its start, and valid UTF-8, win over what is
// declared. Nothing is guessed: a wrong guess would change what is expected.
func decode(data []byte, declared string) (string, error) {
	if enc := wide(data); enc != nil {
		return read(data, enc)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data), nil
	}
	if _, params, err := mime.ParseMediaType(declared); err == nil && params["charset"] != "" {
		enc, err := htmlindex.Get(strings.TrimSpace(params["charset"]))
		if err != nil {
			return "", core.ErrBadFile.WithMessage("The file declares an encoding that is unknown here; save it as UTF-8.")
		}
		if name, _ := htmlindex.Name(enc); name != "utf-8" {
			return read(data, enc)
		}
	}
	return "", core.ErrBadFile.WithMessage(
		"The file is no UTF-8. Save it as UTF-8 (in Excel: CSV UTF-8), or declare its encoding in the content type of the part, such as text/csv; charset=windows-1252.",
	)
}

func read(data []byte, enc encoding.Encoding) (string, error) {
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", core.ErrBadFile.WithMessage("The file is not in the encoding that it declares; save it as UTF-8.")
	}
	return string(out), nil
}

// wide is UTF-16 with a mark, or without one when the first character is ASCII;
// nil for anything else.
func wide(data []byte) encoding.Encoding {
	if len(data) < 2 {
		return nil
	}
	switch {
	case data[0] == 0xff && data[1] == 0xfe:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case data[0] == 0xfe && data[1] == 0xff:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case data[0] != 0 && data[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case data[0] == 0 && data[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}
