package graphapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// Make implements core.Writer. Sites and drives are made in SharePoint.
func (c *Client) Make(ctx context.Context, parentID, name string, kind core.Kind) (core.Entry, error) {
	if kind != core.Folder || parentID == "" || strings.HasPrefix(parentID, sitePrefix) {
		return core.Entry{}, core.ErrNotSupported.WithMessage("This server makes no sites and no drives in SharePoint; make them there.")
	}
	driveID, itemID := splitID(parentID)
	root, err := c.root(ctx, driveID)
	if err != nil {
		return core.Entry{}, err
	}
	var made item
	body, err := json.Marshal(map[string]any{"name": name, "folder": struct{}{}, "@microsoft.graph.conflictBehavior": "fail"})
	if err != nil {
		return core.Entry{}, fmt.Errorf("packing a folder: %w", err)
	}
	err = c.json(ctx, call{method: http.MethodPost, url: c.url(driveID, itemID, "/children"), drive: driveID, body: body, once: true}, &made)
	return made.entry(driveID, root), err
}

// Move implements core.Writer.
func (c *Client) Move(ctx context.Context, id, parentID, name string) (core.Entry, error) {
	driveID, itemID := splitID(id)
	toDrive, to := splitID(parentID)
	if itemID == "" || strings.HasPrefix(id, sitePrefix) || toDrive != driveID {
		return core.Entry{}, core.ErrBadPlace
	}
	root, err := c.root(ctx, driveID)
	if err != nil {
		return core.Entry{}, err
	}
	if to == "" {
		to = root
	}
	body, err := json.Marshal(map[string]any{"name": name, "parentReference": map[string]string{"id": to}})
	if err != nil {
		return core.Entry{}, fmt.Errorf("packing a move: %w", err)
	}
	var moved item
	err = c.json(ctx, call{method: http.MethodPatch, url: c.url(driveID, itemID, ""), drive: driveID, body: body}, &moved)
	return moved.entry(driveID, root), err
}

// Delete implements core.Writer.
func (c *Client) Delete(ctx context.Context, id string) error {
	driveID, itemID := splitID(id)
	if itemID == "" || strings.HasPrefix(id, sitePrefix) {
		return core.ErrNotSupported.WithMessage("This server deletes no sites and no drives in SharePoint; delete them there.")
	}
	return c.json(ctx, call{method: http.MethodDelete, url: c.url(driveID, itemID, ""), drive: driveID}, nil)
}
