package core

import (
	"context"
	"fmt"
	"io"

	"parley/platform/kernel/apperr"
)

// Kind is what an item is.
type Kind string

// The kinds, from the top of a path to its end.
const (
	Site   Kind = "site"
	Drive  Kind = "drive"
	Folder Kind = "folder"
	File   Kind = "file"
)

// Holds reports whether an item of this kind holds items of the other kind.
func (k Kind) Holds(other Kind) bool {
	switch k {
	case Site:
		return other == Drive
	case Drive, Folder:
		return other == Folder || other == File
	}
	return false
}

// Entry is an item as a backend knows it.
type Entry struct {
	ID       string // the backend's own, which no rename and no move changes
	ParentID string // "" for a site
	DriveID  string // of the drive that it is or is in; "" for a site
	Kind     Kind
	Name     string
	ETag     string // changes whenever the content of a file does
	Size     int64  // in bytes; 0 unless it is a file
	MimeType string
	WebURL   string
}

// Upload is a file on its way to a backend.
type Upload struct {
	ParentID string // drive or folder
	Name     string
	// FileID is the file whose content is replaced; ParentID and Name don't
	// count then. "" makes a file, and refuses a name that is taken.
	FileID string
	// IfMatch is the ETag that the file must still have; "" replaces any.
	IfMatch string
	Size    int64
	Content io.ReadSeeker // read from its start, more than once when fragments are sent again
}

// FeedChange is one entry of a list of changes. A deleted one has an ID alone.
type FeedChange struct {
	Entry
	Deleted bool
}

// Changes is a part of the changes of a drive.
type Changes struct {
	Items []FeedChange // in order; an item may be there more than once, and the last counts
	Token string       // what to ask with for what follows
	More  bool         // ask at once: an empty part may have more behind it
}

// Resync answers a token that can't be continued. A new list of everything
// starts at From, which may be "", the very beginning. What the new list does
// not have is gone.
type Resync struct{ From string }

// Error implements error.
func (*Resync) Error() string { return "the list of changes must be read again from the start" }

// Backend keeps the files of one organization. It answers the declared errors
// of this package: ErrNotFound, ErrNameTaken, ErrChanged, ErrStorageFull,
// ErrRefused, and ErrUnavailable for trouble that passes.
type Backend interface {
	Browser
	Writer
	Feed
}

// Browser reads what is in the backend. Each method answers ErrNotFound for what
// is not there.
type Browser interface {
	Entry(ctx context.Context, id string) (Entry, error)
	// At answers the entry at a path such as /sites/hr/Documents/Leave.docx.
	// Case does not count.
	At(ctx context.Context, path string) (Entry, error)
	// Children are ordered by name. What is neither a file nor a folder, such
	// as a notebook, is left out.
	Children(ctx context.Context, id string) ([]Entry, error)
	// Open reads a file. The caller closes it.
	Open(ctx context.Context, id string) (Entry, io.ReadCloser, error)
}

// Writer changes what is in the backend, at once and outside of any unit of work.
type Writer interface {
	// Make makes a site (parentID is ""), a drive of a site, or a folder.
	Make(ctx context.Context, parentID, name string, kind Kind) (Entry, error)
	// Upload answers the file as it is kept, which need not be what was sent.
	Upload(ctx context.Context, u Upload) (Entry, error)
	// Move gives a folder or file another name, another parent in its drive,
	// or both.
	Move(ctx context.Context, id, parentID, name string) (Entry, error)
	// Delete removes an entry with all below it.
	Delete(ctx context.Context, id string) error
}

// Feed tells what happens in a drive.
type Feed interface {
	// Changes answers what changed since a token, or everything when that is
	// "". A renamed or moved folder comes without what is below it. A token
	// that can't be continued is a *Resync.
	Changes(ctx context.Context, driveID, token string) (Changes, error)
	// Readers are who may read an entry, as opaque names, or Everyone where
	// entries have no rights of their own. ErrRightsUnknown when they can't be
	// read.
	Readers(ctx context.Context, id string) ([]string, error)
}

// Everyone is the reader of what has no rights of its own.
const Everyone = "everyone"

// Backends answers the backend of an organization; ErrNotConnected when it has
// none.
type Backends interface {
	Backend(organizationID int64) (Backend, error)
}

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound     = apperr.New(apperr.NotFound, "sharepoint.not_found", "The item does not exist.")
	ErrNotAdmin     = apperr.New(apperr.Forbidden, "sharepoint.not_admin", "Only application admins can use SharePoint items.")
	ErrNotConnected = apperr.New(apperr.Conflict, "sharepoint.not_connected", "No SharePoint is connected to your organization; an operator can connect one.")
	ErrNameTaken    = apperr.New(apperr.Conflict, "sharepoint.name_taken", "An item of this name exists there already; choose another name.")
	ErrChanged      = apperr.New(apperr.Conflict, "sharepoint.changed", "The item changed in the meantime; read it again and repeat the request.")
	ErrStorageFull  = apperr.New(apperr.Conflict, "sharepoint.storage_full", "The drive has no space left; delete something or ask for more space.")
	ErrRefused      = apperr.New(apperr.Conflict, "sharepoint.refused", "SharePoint does not let this server do this; check the permissions of its application.")
	ErrNotSupported = apperr.New(apperr.Unprocessable, "sharepoint.not_supported", "SharePoint can't do this here.")
	ErrBadName      = apperr.New(apperr.Unprocessable, "sharepoint.bad_name",
		`A name has 1 to 255 characters, none of "*:<>?/\| and no space or dot at its end, and does not begin with ~$ or a space.`)
	ErrBadPath = apperr.New(apperr.Unprocessable, "sharepoint.bad_path",
		"A full path has the form /sites/<site>/<drive>/<folders>/<name>, with at most 400 characters.")
	ErrBadPlace = apperr.New(apperr.Unprocessable, "sharepoint.bad_place",
		"An item of this type can't be there: sites hold drives, drives and folders hold folders and files.")
	ErrNoContent = apperr.New(apperr.Unprocessable, "sharepoint.no_content",
		"Only a file has content: send the part content with a file, and with nothing else.")
	ErrUnavailable   = apperr.New(apperr.Unavailable, "sharepoint.unavailable", "SharePoint does not answer at the moment; try again later.")
	ErrRightsUnknown = apperr.New(
		apperr.Conflict,
		"sharepoint.rights_unknown",
		`Who may see this item can't be read, so it is not indexed. Give the application Sites.FullControl.All, or link with "rights": "corpus" to leave it to the corpus.`,
	)
)

// Unavailable is ErrUnavailable with its cause, for the log.
func Unavailable(doing string, cause error) error {
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, cause)
}
