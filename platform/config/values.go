package config

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/dustin/go-humanize"
	"github.com/prometheus/common/model"
)

// Bytes is a size, written as 10MB (10,000,000), 10MiB (10,485,760) or a
// number of bytes.
type Bytes int64

// Level is the least level of what is logged: debug, info, warn or error.
type Level slog.Level

// parsers read values as people write them. Their errors are all that an
// operator sees beside the variable's name.
func parsers() map[reflect.Type]env.ParserFunc {
	return map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[Bytes]():         func(s string) (any, error) { return parseBytes(s) },
		reflect.TypeFor[time.Duration](): func(s string) (any, error) { return parseDuration(s) },
		reflect.TypeFor[Level]():         func(s string) (any, error) { return parseLevel(s) },
		reflect.TypeFor[bool](): func(s string) (any, error) {
			b, err := strconv.ParseBool(s)
			return b, said(err, "%q is neither true nor false", s)
		},
		reflect.TypeFor[int64](): func(s string) (any, error) {
			n, err := strconv.ParseInt(s, 10, 64)
			return n, said(err, "%q is no whole number", s)
		},
		reflect.TypeFor[int](): func(s string) (any, error) {
			n, err := strconv.Atoi(s)
			return n, said(err, "%q is no whole number", s)
		},
	}
}

// said is the sentence in the place of an error of a library, which would name
// its functions.
func said(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func parseBytes(s string) (Bytes, error) {
	n, err := humanize.ParseBytes(s)
	if err == nil && n > 1<<62 {
		err = errors.New("too large")
	}
	return Bytes(n & (1<<63 - 1)), said(err, "%q is no size such as 100MB, 100MiB or 104857600", s)
}

// parseDuration reads both Go's form (1h30m, 1.5s) and days, weeks and years.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	long, err := model.ParseDuration(s)
	return time.Duration(long), said(err, "%q is no length of time such as 90s, 5m, 1h30m or 7d", s)
}

func parseLevel(s string) (Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(s))
	return Level(l), said(err, "%q is none of debug, info, warn and error", s)
}
