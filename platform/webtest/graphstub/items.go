package graphstub

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// drive answers what is asked of a drive or its items.
func (s *Server) drive(r *http.Request, _ []string) (reply, error) {
	a, err := s.resolve(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	action := a.action
	if strings.HasPrefix(action, "delta(") { // delta(token='…') is another way to write it
		action = "delta"
	}
	what := r.Method + " " + action
	if a.node == nil && a.action != "drive" {
		switch what {
		case "PUT content":
			return s.putContent(r, a)
		case "POST createUploadSession":
			return s.createSession(r, a)
		}
		return nil, errNotFound
	}
	switch what {
	case "GET drive":
		return asJSON(http.StatusOK, a.drive.show()), nil
	case "GET ":
		return asJSON(http.StatusOK, a.drive.item(a.node, false)), nil
	case "GET children":
		list := []any{}
		for _, n := range a.drive.children(a.node.id) {
			list = append(list, a.drive.item(n, false))
		}
		return s.page(r, list)
	case "POST children":
		return s.makeFolder(r, a)
	case "PATCH ":
		return s.patch(r, a)
	case "DELETE ", "POST permanentDelete":
		return s.deleteItem(r, a)
	case "GET content":
		if a.node.folder || a.node.notebook {
			return nil, refuse(http.StatusBadRequest, "invalidRequest", "notAFile")
		}
		key := rand.Text()
		s.links[key] = link{a.drive.id, a.node.id}
		to := base(r) + "/download/" + key
		return func(w http.ResponseWriter) { w.Header().Set("Location", to); w.WriteHeader(http.StatusFound) }, nil
	case "PUT content":
		return s.putContent(r, a)
	case "POST createUploadSession":
		return s.createSession(r, a)
	case "GET delta":
		return s.delta(r, a)
	case "GET permissions":
		return s.permissions(a.node)
	case "POST copy":
		return s.copyItem(r, a)
	case "POST createLink":
		to := "https://contoso.sharepoint.com/:t:/s/" + a.drive.name + "/" + a.node.id
		return asJSON(http.StatusCreated, map[string]any{"id": rand.Text(), "roles": []string{"read"},
			"link": map[string]string{"type": "view", "scope": "anonymous", "webUrl": to}}), nil
	}
	return nil, refuse(http.StatusBadRequest, "notSupported")
}

// changes are the properties that a client may send of an item.
type changes struct {
	Name            string          `json:"name"`
	Folder          json.RawMessage `json:"folder"`
	Conflict        string          `json:"@microsoft.graph.conflictBehavior"`
	Description     *string         `json:"description"`
	FileSize        int64           `json:"fileSize"`
	ParentReference *struct {
		DriveID string `json:"driveId"`
		ID      string `json:"id"`
		Path    string `json:"path"`
	} `json:"parentReference"`
	FileSystemInfo *struct {
		Created  time.Time `json:"createdDateTime"`
		Modified time.Time `json:"lastModifiedDateTime"`
	} `json:"fileSystemInfo"`
}

func readJSON(r *http.Request, into any) error {
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "invalidRequest")
	}
	return nil
}

func (c changes) times(n *node) {
	if f := c.FileSystemInfo; f != nil {
		if !f.Created.IsZero() {
			n.created = f.Created
		}
		if !f.Modified.IsZero() {
			n.changed = f.Modified
		}
	}
	if c.Description != nil {
		n.description = *c.Description
	}
}

func (s *Server) makeFolder(r *http.Request, a address) (reply, error) {
	var c changes
	if err := readJSON(r, &c); err != nil {
		return nil, err
	}
	switch {
	case len(c.Folder) == 0 || !goodName(c.Name) || !a.node.folder:
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	case a.drive.child(a.node.id, c.Name) != nil && c.Conflict != "rename":
		return nil, refuse(http.StatusConflict, "nameAlreadyExists")
	}
	for n := 1; a.drive.child(a.node.id, c.Name) != nil; n++ {
		c.Name = fmt.Sprintf("%s %d", c.Name, n)
	}
	if err := (&address{drive: a.drive, node: a.node}).walk(url.PathEscape(c.Name)); err != nil {
		return nil, err
	}
	n := a.drive.add(&node{parent: a.node.id, name: c.Name, folder: true}, s.clock.Now())
	c.times(n)
	return asJSON(http.StatusCreated, a.drive.item(n, false)), nil
}

// matches checks If-Match against both tags.
func matches(r *http.Request, n *node) error {
	if want := r.Header.Get("If-Match"); want != "" && want != "*" && (n == nil || want != n.etag() && want != n.ctag()) {
		return refuse(http.StatusPreconditionFailed, "notAllowed", "resourceModified")
	}
	return nil
}

func (s *Server) patch(r *http.Request, a address) (reply, error) {
	var c changes
	if err := readJSON(r, &c); err != nil {
		return nil, err
	}
	if err := matches(r, a.node); err != nil {
		return nil, err
	}
	to, name := a.node.parent, a.node.name
	if c.Name != "" {
		name = c.Name
	}
	if p := c.ParentReference; p != nil && p.ID != "" {
		to = p.ID
	}
	parent := a.drive.nodes[to]
	switch {
	case a.node == a.drive.root && (name != "root" || to != ""):
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	case a.node != a.drive.root && (parent == nil || parent.deleted):
		return nil, errNotFound
	case a.node != a.drive.root && (!goodName(name) || !parent.folder):
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	for up := parent; up != nil; up = a.drive.nodes[up.parent] {
		if up == a.node {
			return nil, refuse(http.StatusBadRequest, "invalidRequest", "cannotMoveIntoItself")
		}
	}
	if taken := a.drive.child(to, name); taken != nil && taken != a.node {
		return nil, refuse(http.StatusConflict, "nameAlreadyExists")
	}
	a.node.parent, a.node.name = to, name
	c.times(a.node)
	a.drive.touch(a.node)
	return asJSON(http.StatusOK, a.drive.item(a.node, false)), nil
}

func (s *Server) deleteItem(r *http.Request, a address) (reply, error) {
	if err := matches(r, a.node); err != nil {
		return nil, err
	}
	if a.node == a.drive.root {
		return nil, refuse(http.StatusForbidden, "accessDenied")
	}
	a.drive.remove(a.node)
	return noContent, nil
}

func (s *Server) copyItem(r *http.Request, a address) (reply, error) {
	var c changes
	if err := readJSON(r, &c); err != nil {
		return nil, err
	}
	if c.ParentReference == nil || c.ParentReference.ID == "" {
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	to := a.drive.nodes[c.ParentReference.ID]
	if to == nil || to.deleted || a.node.folder {
		return nil, errNotFound
	}
	if c.Name == "" {
		c.Name = a.node.name
	}
	there := a.drive.child(to.id, c.Name)
	made, err := s.store(address{drive: a.drive, node: there, parent: to, name: c.Name}, a.node.content,
		changes{Conflict: r.URL.Query().Get("@microsoft.graph.conflictBehavior")})
	if err != nil {
		return nil, err
	}
	_ = made // the monitor tells of it
	key := rand.Text()
	s.jobs[key] = c.Name
	monitor := base(r) + "/monitor/" + key
	return func(w http.ResponseWriter) {
		w.Header().Set("Location", monitor)
		w.WriteHeader(http.StatusAccepted)
	}, nil
}

func (s *Server) monitor(key string) (reply, error) {
	if _, ok := s.jobs[key]; !ok {
		return nil, errNotFound
	}
	return asJSON(http.StatusOK, map[string]any{"operation": "itemCopy", "percentageComplete": 100.0, "status": "completed"}), nil
}

func (s *Server) permissions(n *node) (reply, error) {
	if s.behaviour.HidesRights {
		return nil, refuse(http.StatusForbidden, "accessDenied")
	}
	group := func(id string) any {
		return map[string]any{"id": rand.Text(), "roles": []string{"read"},
			"grantedToV2": map[string]any{"siteGroup": map[string]string{"id": id, "displayName": id}}}
	}
	if n.readers == nil {
		return asJSON(http.StatusOK, map[string]any{"value": []any{group("3"), group("5")}}), nil
	}
	list := make([]any, len(n.readers))
	for i, who := range n.readers {
		list[i] = group(who)
	}
	return asJSON(http.StatusOK, map[string]any{"value": list}), nil
}
