package graphapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/modules/sharepoint/internal/core"
)

// failure is an error that Graph answered.
type failure struct {
	status     int
	codes      []string // from the outermost to the deepest
	message    string
	location   string
	retryAfter string
}

// nested is Graph's form of an error: each may have one within, which tells
// more. Both spellings of its name are in use.
type nested struct {
	Code       string  `json:"code"`
	Message    string  `json:"message"`
	InnerError *nested `json:"innerError"`
}

// maxDepth bounds how deep an error is read.
const maxDepth = 16

func readFailure(r *http.Response) *failure {
	defer r.Body.Close()
	f := &failure{status: r.StatusCode, location: r.Header.Get("Location"), retryAfter: r.Header.Get("Retry-After")}
	var body struct {
		Error *nested `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&body) != nil || body.Error == nil {
		return f
	}
	f.message = body.Error.Message
	for e := body.Error; e != nil && len(f.codes) < maxDepth; e = e.InnerError {
		f.codes = append(f.codes, strings.ToLower(e.Code))
	}
	return f
}

// Error implements error.
func (f *failure) Error() string {
	return fmt.Sprintf("SharePoint answered %d %s: %s", f.status, strings.Join(f.codes, "/"), f.message)
}

// pause says whether the same call may succeed later, and for how long Graph
// asks not to be called.
func (f *failure) pause() (asked time.Duration, again bool) {
	switch f.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		const fits = 31 // bits: more seconds are no time.Duration
		seconds, err := strconv.ParseUint(strings.TrimSpace(f.retryAfter), 10, fits)
		if err != nil {
			return 0, true
		}
		return time.Duration(seconds) * time.Second, true
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return 0, true
	}
	return 0, false
}

// meanings are the codes that say more than the status does. Clients are to
// take the deepest one that they know.
var meanings = map[string]error{
	"itemnotfound":           core.ErrNotFound,
	"namealreadyexists":      core.ErrNameTaken,
	"resourcemodified":       core.ErrChanged,
	"resourcelocked":         core.ErrChanged,
	"quotalimitreached":      core.ErrStorageFull,
	"insufficientstorage":    core.ErrStorageFull,
	"accessdenied":           core.ErrRefused,
	"unauthenticated":        core.ErrRefused,
	"notsupported":           core.ErrNotSupported,
	"pathistoolong":          core.ErrBadPath,
	"cannotmoveintoitself":   core.ErrBadPlace,
	"activitylimitreached":   core.ErrUnavailable,
	"servicenotavailable":    core.ErrUnavailable,
	"generalexception":       core.ErrUnavailable,
	"resyncrequired":         errResync,
	"resyncapplydifferences": errResync, "resyncchangesapplydifferences": errResync,
	"resyncuploaddifferences": errResync, "resyncchangesuploaddifferences": errResync,
}

// errResync is answered as a *core.Resync, with where to start.
var errResync = &core.Resync{}

// explain is the error of the core that a failure means.
func (f *failure) explain(q call) error {
	doing := q.method + " " + q.url
	if q.plain {
		doing = q.method + " of content" // such a URL opens to anybody who has it
	}
	meaning := f.byStatus()
	for _, code := range f.codes {
		if m := meanings[code]; m != nil {
			meaning = m
		}
	}
	if errors.Is(meaning, errResync) || f.status == http.StatusGone {
		return &core.Resync{From: f.location}
	}
	return fmt.Errorf("%s: %w: %w", doing, meaning, f)
}

func (f *failure) byStatus() error {
	switch f.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return core.ErrRefused
	case http.StatusNotFound:
		return core.ErrNotFound
	case http.StatusConflict:
		return core.ErrNameTaken
	case http.StatusPreconditionFailed, http.StatusLocked:
		return core.ErrChanged
	case http.StatusInsufficientStorage:
		return core.ErrStorageFull
	}
	if f.status >= http.StatusInternalServerError || f.status == http.StatusTooManyRequests {
		return core.ErrUnavailable
	}
	return core.ErrNotSupported
}
