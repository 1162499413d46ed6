package graphstub

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"
)

// upload is a session.
type upload struct {
	at       address
	changes  changes
	ifMatch  string
	content  []byte
	total    int64
	received int // fragments
}

// The sizes of fragments, in bytes.
const (
	fragmentUnit = 320 << 10
	maxFragment  = 60 << 20
)

func (s *Server) createSession(r *http.Request, a address) (reply, error) {
	var body struct {
		Item changes `json:"item"`
	}
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	if err := matches(r, a.node); err != nil {
		return nil, err
	}
	switch {
	case a.node != nil && (a.node.folder || a.node.notebook):
		return nil, refuse(http.StatusConflict, "nameAlreadyExists")
	case s.behaviour.Quota > 0 && body.Item.FileSize > s.behaviour.Quota:
		return nil, refuse(http.StatusInsufficientStorage, "quotaLimitReached")
	}
	if a.node != nil { // it may be renamed meanwhile
		a.parent, a.name = a.drive.nodes[a.node.parent], a.node.name
	}
	key := rand.Text()
	s.uploads[key] = &upload{at: a, changes: body.Item, ifMatch: r.Header.Get("If-Match"), total: -1}
	return asJSON(http.StatusOK, map[string]any{"uploadUrl": base(r) + "/upload/" + key, "expirationDateTime": stamp(s.clock.Now().Add(time.Hour)),
		"nextExpectedRanges": []string{"0-"}}), nil
}

func (s *Server) state(status int, u *upload) reply {
	next := []string{fmt.Sprintf("%d-", len(u.content))}
	return asJSON(status, map[string]any{"expirationDateTime": stamp(s.clock.Now().Add(time.Hour)), "nextExpectedRanges": next})
}

func (s *Server) fragment(r *http.Request, key string) (reply, error) {
	u, ok := s.uploads[key]
	if !ok {
		return nil, errNotFound
	}
	switch r.Method {
	case http.MethodGet:
		return s.state(http.StatusOK, u), nil
	case http.MethodDelete:
		delete(s.uploads, key)
		return noContent, nil
	case http.MethodPut:
	default:
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	var first, last, total int64
	if _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); err != nil || last < first || last >= total {
		return nil, refuse(http.StatusBadRequest, "invalidRequest", "invalidRange")
	}
	if s.behaviour.LosesSession > 0 && u.received == s.behaviour.LosesSession {
		s.behaviour.LosesSession = 0
		delete(s.uploads, key)
		return nil, errNotFound
	}
	switch size := last - first + 1; {
	case size >= maxFragment, r.ContentLength != size, last+1 < total && size%fragmentUnit != 0, u.total >= 0 && u.total != total:
		return nil, refuse(http.StatusBadRequest, "invalidRequest", "invalidRange")
	case first != int64(len(u.content)):
		return nil, refuse(http.StatusRequestedRangeNotSatisfiable, "invalidRange")
	}
	part, err := io.ReadAll(io.LimitReader(r.Body, maxFragment))
	if err != nil || int64(len(part)) != last-first+1 {
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	u.total = total
	u.received++
	if last+1 < total {
		u.content = append(u.content, part...)
		return s.state(http.StatusAccepted, u), nil
	}
	return s.commit(key, u, append(u.content, part...))
}

// commit ends a session. When the file can't be stored, the session stays.
func (s *Server) commit(key string, u *upload, content []byte) (reply, error) {
	a := u.at
	if a.node == nil && a.parent != nil && len(a.rest) == 0 {
		a.node = a.drive.child(a.parent.id, a.name) // it may be there by now
	}
	if a.node != nil && a.node.deleted {
		a.node = nil
	}
	if a.parent == nil || a.parent.deleted {
		return nil, errNotFound
	}
	if u.ifMatch != "" && (a.node == nil || u.ifMatch != a.node.etag()) {
		return nil, refuse(http.StatusPreconditionFailed, "notAllowed", "resourceModified")
	}
	done, err := s.store(a, content, u.changes)
	if err != nil {
		return nil, err
	}
	delete(s.uploads, key)
	return done, nil
}
