package web

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"parley/platform/kernel/apperr"
)

// huma keeps this as a package variable: the case of a field name matters.
func init() { huma.ValidateStrictCasing = true }

// check validates a parsed value. What breaks the shape (an unknown or missing
// field, another type) is malformed; a value out of its bounds is unacceptable.
func check(r huma.Registry, s *huma.Schema, name string, value any) error {
	var result huma.ValidateResult
	path := huma.NewPathBuffer([]byte{}, 0)
	if name != "" {
		path.Push(name)
	}
	huma.Validate(r, s, path, huma.ModeWriteToServer, value, &result)
	if len(result.Errors) == 0 {
		return nil
	}
	base := ErrUnacceptable
	fields := make([]apperr.Field, 0, len(result.Errors))
	for _, err := range result.Errors {
		var field apperr.Field
		if d := (*huma.ErrorDetail)(nil); errors.As(err, &d) {
			field = apperr.Field{Field: d.Location, Message: d.Message}
		} else {
			field.Message = err.Error() // which writes the whole value out where there is a detail
		}
		switch {
		case field.Message == validation.MsgUnexpectedProperty:
			base, field.Message = ErrMalformed, "is not a field of this operation"
			if field.Field == "" {
				field.Message = "has a field without a name"
			}
		case strings.HasPrefix(field.Message, requiredPrefix):
			missing, _, _ := strings.Cut(strings.TrimPrefix(field.Message, requiredPrefix), " ")
			base, field = ErrMalformed, apperr.Field{Field: join(field.Field, missing), Message: "is missing"}
		case field.Message == validation.MsgExpectedMatchExactlyOneSchema:
			base, field.Message = ErrMalformed, "has none of the forms of this operation"
		case slices.Contains(wrongType, field.Message):
			base, field.Message = ErrMalformed, "must be of type "+strings.TrimPrefix(field.Message, "expected ")
		default:
			field.Message = exponent.ReplaceAllStringFunc(plain.Replace(field.Message), inFull)
		}
		fields = append(fields, field)
		if len(fields) == maxFields {
			break
		}
	}
	slices.SortStableFunc(fields, func(a, b apperr.Field) int { return strings.Compare(a.Field, b.Field) })
	e := base.WithMessage(sentence(fields))
	e.Fields = fields
	return e
}

// plain puts huma's words for broken bounds into a sentence's.
var plain = strings.NewReplacer(
	validation.MsgExpectedRFC3339DateTime, "must be a date-time such as 2024-10-02T00:02:24Z",
	"expected object with ", "must have ",
	"expected length >= ", "must have a length of at least ", "expected length <= ", "must have a length of at most ",
	"expected array length >= ", "must have at least this many entries: ", "expected array length <= ", "must have at most this many entries: ",
	"expected number >= ", "must be at least ", "expected number <= ", "must be at most ",
	"expected string to ", "must ", "expected value to be ", "must be ", "expected ", "must be ",
)

// exponent finds the numbers that huma writes as 1e+06.
var exponent = regexp.MustCompile(`-?[0-9.]+e\+[0-9]+`)

func inFull(number string) string {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// maxFields bounds the list of problems in one answer.
const maxFields = 20

var (
	requiredPrefix = strings.SplitN(validation.MsgExpectedRequiredProperty, "%s", 2)[0]
	wrongType      = []string{
		validation.MsgExpectedBoolean, validation.MsgExpectedNumber, validation.MsgExpectedInteger,
		validation.MsgExpectedString, validation.MsgExpectedArray, validation.MsgExpectedObject,
	}
)

// sentence says what to change first.
func sentence(fields []apperr.Field) string {
	first := fields[0]
	if first.Field == "" {
		return fmt.Sprintf("The body %s.", first.Message)
	}
	s := fmt.Sprintf("The field %q %s.", first.Field, first.Message)
	if len(fields) > 1 {
		s += fmt.Sprintf(" The other problems (%d) are listed in errors.", len(fields)-1)
	}
	return s
}
