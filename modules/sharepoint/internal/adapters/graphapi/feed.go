package graphapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// Changes implements core.Feed. A token is the link that Graph gave.
func (c *Client) Changes(ctx context.Context, driveID, token string) (out core.Changes, err error) {
	root, err := c.root(ctx, driveID)
	if err != nil {
		return out, err
	}
	at := token
	switch {
	case token == "":
		at = c.url(driveID, "", "/delta")
	case !c.ours(token) || !strings.Contains(token, driveID) && !strings.Contains(token, strings.ReplaceAll(driveID, "!", "%21")):
		return out, &core.Resync{}
	}
	var part struct {
		Value []item `json:"value"`
		Next  string `json:"@odata.nextLink"`
		Delta string `json:"@odata.deltaLink"`
	}
	err = c.get(ctx, at, driveID, &part)
	var again *core.Resync
	if errors.As(err, &again) && !c.ours(again.From) {
		return out, &core.Resync{}
	}
	if err != nil {
		return out, err
	}
	for _, i := range part.Value {
		switch {
		case i.Deleted != nil && i.Root == nil: // it has no name, and may have nothing else
			out.Items = append(out.Items, core.FeedChange{Entry: core.Entry{ID: driveID + "/" + i.ID}, Deleted: true})
		case i.isEntry():
			out.Items = append(out.Items, core.FeedChange{Entry: i.entry(driveID, root)})
		}
	}
	if out.Token, out.More = part.Delta, part.Next != ""; out.More {
		out.Token = part.Next
	}
	if !c.ours(out.Token) {
		return core.Changes{}, core.Unavailable("following a drive", fmt.Errorf("it leads elsewhere: %q", out.Token))
	}
	return out, nil
}

// identity is somebody who was given a permission.
type identity struct {
	ID string `json:"id"`
}

type identities struct {
	User      *identity `json:"user"`
	Group     *identity `json:"group"`
	SiteUser  *identity `json:"siteUser"`
	SiteGroup *identity `json:"siteGroup"`
}

// names are those of who is meant; an identity of no known kind has none.
func (i *identities) names() (out []string) {
	if i == nil {
		return nil
	}
	for kind, who := range map[string]*identity{"user:": i.User, "group:": i.Group} {
		if who != nil && who.ID != "" {
			return []string{kind + who.ID}
		}
	}
	for kind, who := range map[string]*identity{"site user:": i.SiteUser, "site group:": i.SiteGroup} {
		if who != nil && who.ID != "" {
			return []string{kind + who.ID}
		}
	}
	return nil
}

// Readers implements core.Feed. Users with any permission may read. A link
// counts as who it was given to, and one for everybody in the organization or
// in the world as those.
func (c *Client) Readers(ctx context.Context, id string) ([]string, error) {
	driveID, itemID := splitID(id)
	type permission struct {
		GrantedTo *identities   `json:"grantedToV2"`
		Given     []*identities `json:"grantedToIdentitiesV2"`
		Link      *struct {
			Scope string `json:"scope"`
		} `json:"link"`
	}
	found, err := list[permission](ctx, c, c.url(driveID, itemID, "/permissions"), driveID)
	if errors.Is(err, core.ErrRefused) {
		return nil, core.ErrRightsUnknown
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range found {
		if p.Link != nil && (p.Link.Scope == "organization" || p.Link.Scope == "anonymous") {
			out = append(out, "link:"+p.Link.Scope)
		}
		out = append(out, p.GrantedTo.names()...)
		for _, g := range p.Given {
			out = append(out, g.names()...)
		}
	}
	return out, nil
}
