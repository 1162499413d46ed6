package graphstub

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func (s *Server) site(r *http.Request, segments []string) (reply, error) {
	path, err := url.PathUnescape(strings.Join(segments, "/"))
	if err != nil || r.Method != http.MethodGet {
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	id, rest, _ := strings.Cut(path, "/")
	if _, byPath, ok := strings.Cut(path, ":/sites/"); ok {
		rest = ""
		for _, v := range s.sites {
			if strings.EqualFold(v.name, byPath) {
				id = v.id
			}
		}
	}
	found, ok := s.sites[id]
	switch {
	case !ok:
		return nil, errNotFound
	case rest == "":
		return asJSON(http.StatusOK, map[string]any{"id": found.id, "name": found.name, "displayName": found.name,
			"webUrl": "https://contoso.sharepoint.com/sites/" + found.name}), nil
	case rest != "drives":
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	list := make([]any, len(found.drives))
	for i, d := range found.drives {
		list[i] = s.drives[d].show()
	}
	return s.page(r, list)
}

// page answers a part of a list, with a link to the next.
func (s *Server) page(r *http.Request, list []any) (reply, error) {
	size := s.pageSize(r)
	skip, err := strconv.Atoi("0" + r.URL.Query().Get("$skiptoken"))
	if err != nil || skip > len(list) {
		return nil, refuse(http.StatusBadRequest, "invalidRequest")
	}
	end := min(len(list), skip+size)
	body := map[string]any{"value": list[skip:end]}
	if end < len(list) {
		body["@odata.nextLink"] = fmt.Sprintf("%s%s?$skiptoken=%d", base(r), r.URL.EscapedPath(), end)
	}
	return asJSON(http.StatusOK, body), nil
}

func (s *Server) pageSize(r *http.Request) int {
	size := s.behaviour.PageSize
	if size == 0 {
		size = 200
	}
	if top, err := strconv.Atoi(r.URL.Query().Get("$top")); err == nil && top > 0 {
		size = min(size, top)
	}
	return size
}

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
