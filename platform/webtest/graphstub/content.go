package graphstub

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
)

func (s *Server) download(r *http.Request, key string) (reply, error) {
	at, ok := s.links[key]
	if !ok {
		return nil, errNotFound
	}
	n := s.drives[at.drive].nodes[at.item]
	if n.deleted {
		return nil, errNotFound
	}
	content, name, changed := n.content, n.name, n.changed
	return func(w http.ResponseWriter) { http.ServeContent(w, r, name, changed, bytes.NewReader(content)) }, nil
}

// maxSmall bounds a file that is sent in one request.
const maxSmall = 250 << 20

func (s *Server) putContent(r *http.Request, a address) (reply, error) {
	content, err := io.ReadAll(io.LimitReader(r.Body, maxSmall+1))
	switch {
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	case len(content) > maxSmall:
		return nil, refuse(http.StatusRequestEntityTooLarge, "invalidRequest", "maxFileSizeExceeded")
	}
	if err := matches(r, a.node); err != nil {
		return nil, err
	}
	return s.store(a, content, changes{Conflict: r.URL.Query().Get("@microsoft.graph.conflictBehavior")})
}

// store keeps content where an address leads, with the folders that are
// missing above it.
func (s *Server) store(a address, content []byte, c changes) (reply, error) {
	if s.behaviour.RewritesOffice {
		switch strings.ToLower(path.Ext(a.name)) {
		case ".docx", ".xlsx", ".pptx":
			content = append(append([]byte(nil), content...), "\n(properties of the library)"...)
		}
	}
	before := int64(0)
	if a.node != nil {
		before = int64(len(a.node.content))
	}
	switch quota := s.behaviour.Quota; {
	case a.node != nil && (a.node.folder || a.node.notebook || c.Conflict == "fail"):
		return nil, refuse(http.StatusConflict, "nameAlreadyExists")
	case quota > 0 && a.drive.used()-before+int64(len(content)) > quota:
		return nil, refuse(http.StatusInsufficientStorage, "quotaLimitReached")
	}
	now := s.clock.Now()
	status := http.StatusOK
	n := a.node
	if n == nil {
		status = http.StatusCreated
		names := strings.Split(a.name, "/")
		parent := a.parent
		for i, name := range names {
			if !goodName(name) || !parent.folder {
				return nil, refuse(http.StatusBadRequest, "invalidRequest")
			}
			n = a.drive.add(&node{parent: parent.id, name: name, folder: i < len(names)-1}, now)
			parent = n
		}
	}
	n.content, n.changed = content, now
	n.revision++
	c.times(n)
	a.drive.touch(n)
	return asJSON(status, a.drive.item(n, false)), nil
}
