package graphapi

import (
	"net/url"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// item is a driveItem.
type item struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	ETag   string `json:"eTag"`
	Size   int64  `json:"size"`
	WebURL string `json:"webUrl"`
	Parent struct {
		DriveID string `json:"driveId"`
		ID      string `json:"id"`
	} `json:"parentReference"`
	Root    *struct{} `json:"root"`
	Folder  *struct{} `json:"folder"`
	Package *struct{} `json:"package"`
	File    *struct {
		MimeType string `json:"mimeType"`
	} `json:"file"`
	Deleted *struct{} `json:"deleted"`
}

// isEntry reports whether it is a file or a folder. A notebook is a package.
func (i item) isEntry() bool {
	return i.Root == nil && i.Package == nil && (i.File != nil || i.Folder != nil)
}

func (i item) entry(driveID, root string) core.Entry {
	e := core.Entry{
		ID: driveID + "/" + i.ID, ParentID: driveID + "/" + i.Parent.ID, DriveID: driveID, Kind: core.Folder,
		Name: i.Name, ETag: i.ETag, WebURL: i.WebURL,
	}
	if i.Parent.ID == root {
		e.ParentID = driveID
	}
	if i.Folder == nil && i.File != nil {
		e.Kind, e.Size = core.File, i.Size
		if e.MimeType, _, _ = strings.Cut(i.File.MimeType, ";"); e.MimeType == "" {
			e.MimeType = "application/octet-stream"
		}
	}
	return e
}

// escape encodes a path one segment at a time.
func escape(names []string) string {
	encoded := make([]string, len(names))
	for i, n := range names {
		encoded[i] = url.PathEscape(n)
	}
	return strings.Join(encoded, "/")
}
