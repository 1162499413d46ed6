package graphapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// The id of a site is site:<its id>, that of a drive its own, and that of an
// item <drive>/<item>.
const sitePrefix = "site:"

func splitID(id string) (driveID, itemID string) {
	driveID, itemID, _ = strings.Cut(id, "/")
	return driveID, itemID
}

// url is that of an item, or of what is below it.
func (c *Client) url(driveID, itemID, rest string) string {
	at := c.base + "/drives/" + url.PathEscape(driveID)
	if itemID == "" {
		return at + "/root" + rest
	}
	return at + "/items/" + url.PathEscape(itemID) + rest
}

func (c *Client) get(ctx context.Context, at, driveID string, into any) error {
	return c.json(ctx, call{method: http.MethodGet, url: at, drive: driveID}, into)
}

// list reads all parts of a list.
func list[T any](ctx context.Context, c *Client, at, driveID string) ([]T, error) {
	var out []T
	for at != "" {
		var part struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := c.get(ctx, at, driveID, &part); err != nil {
			return nil, err
		}
		out = append(out, part.Value...)
		if len(out) > maxChildren {
			return nil, core.ErrNotSupported.WithMessage(fmt.Sprintf("There are more than %d items; use folders.", maxChildren))
		}
		if at = part.Next; at != "" && !c.ours(at) {
			return nil, core.Unavailable("following a list", fmt.Errorf("it leads elsewhere: %s", at))
		}
	}
	return out, nil
}

// maxChildren bounds a list.
const maxChildren = 20_000

// ours reports whether a link that Graph gave leads to Graph: only there the
// token may be sent.
func (c *Client) ours(link string) bool {
	u, err := url.Parse(link)
	own, ownErr := url.Parse(c.base)
	return err == nil && ownErr == nil && u.Scheme == own.Scheme && strings.EqualFold(u.Host, own.Host)
}

// root is the id of a drive's root, which is read once.
func (c *Client) root(ctx context.Context, driveID string) (string, error) {
	c.mu.Lock()
	root := c.drive(driveID).root
	c.mu.Unlock()
	if root != "" {
		return root, nil
	}
	var i item
	if err := c.get(ctx, c.url(driveID, "", ""), driveID, &i); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drive(driveID).root = i.ID
	return i.ID, nil
}

type siteView struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	WebURL string `json:"webUrl"`
}

func (s siteView) entry() core.Entry {
	return core.Entry{ID: sitePrefix + s.ID, Kind: core.Site, Name: s.Name, WebURL: s.WebURL}
}

type driveView struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	WebURL string `json:"webUrl"`
}

func (d driveView) entry(siteID string) core.Entry {
	return core.Entry{ID: d.ID, ParentID: siteID, DriveID: d.ID, Kind: core.Drive, Name: d.Name, WebURL: d.WebURL}
}

// At implements core.Browser.
func (c *Client) At(ctx context.Context, full string) (core.Entry, error) {
	names, err := core.SplitPath(full)
	if err != nil {
		return core.Entry{}, core.ErrNotFound
	}
	var s siteView
	if err := c.get(ctx, c.base+"/sites/"+c.host+":/sites/"+url.PathEscape(names[0]), "", &s); err != nil {
		return core.Entry{}, err
	}
	site := s.entry()
	if len(names) == 1 {
		return site, nil
	}
	drives, err := c.Children(ctx, site.ID)
	if err != nil {
		return core.Entry{}, err
	}
	at := slices.IndexFunc(drives, func(d core.Entry) bool { return strings.EqualFold(d.Name, names[1]) })
	if at < 0 {
		return core.Entry{}, core.ErrNotFound
	}
	if len(names) == 2 {
		return drives[at], nil
	}
	return c.item(ctx, drives[at].ID, c.url(drives[at].ID, "", ":/"+escape(names[2:])))
}

// item reads a file or folder.
func (c *Client) item(ctx context.Context, driveID, at string) (core.Entry, error) {
	root, err := c.root(ctx, driveID)
	if err != nil {
		return core.Entry{}, err
	}
	var i item
	if err := c.get(ctx, at, driveID, &i); err != nil {
		return core.Entry{}, err
	}
	if !i.isEntry() {
		return core.Entry{}, core.ErrNotFound
	}
	return i.entry(driveID, root), nil
}

// Entry implements core.Browser.
func (c *Client) Entry(ctx context.Context, id string) (core.Entry, error) {
	if site, ok := strings.CutPrefix(id, sitePrefix); ok {
		var s siteView
		err := c.get(ctx, c.base+"/sites/"+site, "", &s)
		return s.entry(), err
	}
	driveID, itemID := splitID(id)
	if itemID != "" {
		return c.item(ctx, driveID, c.url(driveID, itemID, ""))
	}
	var d struct {
		driveView
		SharePointIDs struct {
			SiteID string `json:"siteId"`
		} `json:"sharePointIds"`
	}
	if err := c.get(ctx, c.base+"/drives/"+url.PathEscape(driveID)+"?$select=id,name,webUrl,sharePointIds", driveID, &d); err != nil {
		return core.Entry{}, err
	}
	var s siteView
	err := c.get(ctx, c.base+"/sites/"+d.SharePointIDs.SiteID, "", &s)
	return d.entry(s.entry().ID), err
}

// Children implements core.Browser.
func (c *Client) Children(ctx context.Context, id string) ([]core.Entry, error) {
	out := []core.Entry{}
	if site, ok := strings.CutPrefix(id, sitePrefix); ok {
		found, err := list[driveView](ctx, c, c.base+"/sites/"+site+"/drives", "")
		for _, d := range found {
			out = append(out, d.entry(id))
		}
		slices.SortFunc(out, core.ByName)
		return out, err
	}
	driveID, itemID := splitID(id)
	root, err := c.root(ctx, driveID)
	if err != nil {
		return nil, err
	}
	found, err := list[item](ctx, c, c.url(driveID, itemID, "/children?$top=200"), driveID)
	for _, i := range found {
		if i.isEntry() {
			out = append(out, i.entry(driveID, root))
		}
	}
	slices.SortFunc(out, core.ByName)
	return out, err
}

// Open implements core.Browser. The content comes from a link that needs no
// credentials, and must not get them.
func (c *Client) Open(ctx context.Context, id string) (core.Entry, io.ReadCloser, error) {
	e, err := c.Entry(ctx, id)
	if err == nil && e.Kind != core.File {
		err = core.ErrNoContent
	}
	if err != nil {
		return core.Entry{}, nil, err
	}
	driveID, itemID := splitID(id)
	r, err := c.do(ctx, call{method: http.MethodGet, url: c.url(driveID, itemID, "/content"), drive: driveID})
	if err != nil {
		return core.Entry{}, nil, err
	}
	if to := r.Header.Get("Location"); r.StatusCode >= http.StatusMultipleChoices && to != "" {
		r.Body.Close()
		if r, err = c.do(ctx, call{method: http.MethodGet, url: to, plain: true}); err != nil {
			return core.Entry{}, nil, err
		}
	}
	return e, r.Body, nil
}
