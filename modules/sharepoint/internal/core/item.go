package core

import (
	"context"
	"time"

	"parley/platform/kernel/audit"
)

// State is how far an item is with its corpus.
type State string

// The states. An item is pending from a change on until it has been looked at.
const (
	Unlinked State = "unlinked"
	Pending  State = "pending"
	Synced   State = "synced"
	Failed   State = "failed"
)

// Rights are who decides who may find the files of a linked item.
type Rights string

// With ItemRights a file is kept only when its readers can be read, and nobody
// who may read the linked item is missing among them. With CorpusRights the
// permissions of the corpus alone decide.
const (
	ItemRights   Rights = "item"
	CorpusRights Rights = "corpus"
)

// Item is what is known of an entry. Items hang together by the backend's ids,
// so that an entry may be told of before the one that holds it.
type Item struct {
	ID               int64
	OrganizationID   int64
	ExternalID       string // of the entry
	ParentExternalID string
	DriveExternalID  string
	Kind             Kind
	Name             string
	Etag             string
	Size             int64
	SHA256           string // of a file that was read; "" before
	MimeType         string
	WebURL           string

	CorpusID *int64 // that it is linked to, with all below it that has no link of its own
	Rights   Rights // of the link
	LinkedBy int64  // user id; whose documents its files become

	KeptCorpusID int64 // where its document is; 0 for nowhere
	DocumentID   int64
	KeptEtag     string // of what the document was made of
	KeptName     string
	State        State
	LastError    string
	LastSyncedOn *time.Time

	IsDeleted  bool
	Revision   int64 // counts what may change where its document belongs
	Handled    int64 // the last revision that was looked at
	Generation int64 // of the last list of everything that had it
	audit.Audit
}

// take notes what a backend says of the item. It reports whether something
// changed, and whether the item came to another place or back to life, so that
// what is below it has to be looked at as well.
func (i *Item) take(e Entry) (changed, moved bool) {
	was := *i
	i.ExternalID, i.ParentExternalID, i.DriveExternalID, i.Kind, i.Name = e.ID, e.ParentID, e.DriveID, e.Kind, e.Name
	i.Etag, i.Size, i.MimeType, i.WebURL, i.IsDeleted = e.ETag, e.Size, e.MimeType, e.WebURL, false
	if i.Etag != was.Etag {
		i.SHA256 = ""
	}
	moved = was.ID == 0 || was.Revision == 0 || i.ParentExternalID != was.ParentExternalID || was.IsDeleted
	changed = moved || i.Name != was.Name || i.Etag != was.Etag || i.Size != was.Size || i.WebURL != was.WebURL
	if changed {
		i.Revision++
	}
	return changed, moved
}

// FollowedDrive is a drive with a linked item, and how far it has been followed.
type FollowedDrive struct {
	ID             int64
	OrganizationID int64
	ExternalID     string
	Token          string // what to ask for changes with
	Start          string // the token that the list of everything began with
	IsFull         bool   // a list of everything is being read
	Generation     int64  // of that list
	CompletedOn    *time.Time
	Failures       int64 // in a row
	LastError      string
}

// Store keeps items and drives. Deleted items are there until they have been
// looked at; use cases see to it that nobody else sees them.
type Store interface {
	Items
	Drives
}

// Items keeps what is known of items here: their ids, their links to corpora and
// how far these are in step.
type Items interface {
	// Item answers ErrNotFound for a deleted one.
	Item(ctx context.Context, organizationID, id int64) (Item, error)
	// ItemsByExternalID answers those of the ids that are known, in any order.
	ItemsByExternalID(ctx context.Context, organizationID int64, externalIDs []string) ([]Item, error)
	// Chain answers the item and all above it as far as they are known, the
	// item first. Nobody of that id is an empty chain.
	Chain(ctx context.Context, organizationID int64, externalID string) ([]Item, error)
	// SaveItem changes the item of that external id, or adds it: change gets one
	// with nothing but its ids then.
	SaveItem(ctx context.Context, organizationID int64, externalID string, change func(*Item) error) (Item, error)
	// UpdateItem changes an item, deleted or not. ErrNotFound when it is gone.
	UpdateItem(ctx context.Context, organizationID, id int64, change func(*Item) error) (Item, error)
	// TouchTree raises the revision of all files at and below an item.
	TouchTree(ctx context.Context, organizationID int64, externalID string) error
	// PendingItems answers files of a drive whose revision has not been looked
	// at, after an id, ordered by id.
	PendingItems(ctx context.Context, organizationID int64, drive string, after int64, limit int) ([]Item, error)
	// SweepItems deletes the files and folders of a drive that an older
	// generation had last.
	SweepItems(ctx context.Context, organizationID int64, drive string, generation int64) error
	// TouchFailed raises the revision of the files of a drive that failed, and
	// of those that are kept under the rights of their own.
	TouchFailed(ctx context.Context, organizationID int64, drive string) error
	// RemoveItem forgets an item; none is no error.
	RemoveItem(ctx context.Context, organizationID, id int64) error
	// RemoveFolders forgets deleted folders of a drive, with the folders below
	// them. Files below them have been looked at before.
	RemoveFolders(ctx context.Context, organizationID int64, drive string) error
	// MarkLinks says how the linked drives and folders of a drive stand.
	MarkLinks(ctx context.Context, organizationID int64, drive string, state State, lastError string, at time.Time) error
	// CountLinks counts the linked items of a drive, and its files that are
	// still kept.
	CountLinks(ctx context.Context, organizationID int64, drive string) (int64, error)
	// PassLinks makes another user the one who linked.
	PassLinks(ctx context.Context, organizationID, from, to int64) error
	// FailDocument marks the item of a document as failed; none is no error.
	FailDocument(ctx context.Context, organizationID, documentID int64, lastError string) error
	// DrivesOfDocuments answers the drives that have items of these documents,
	// in their order as text.
	DrivesOfDocuments(ctx context.Context, organizationID int64, documentIDs []int64) ([]string, error)
	// ForgetDocuments takes documents that are gone from their items, whose
	// revision it raises; none is no error.
	ForgetDocuments(ctx context.Context, organizationID int64, documentIDs []int64) error
}

// Drives keeps the drives that are followed.
type Drives interface {
	// FollowDrive answers the drive of that external id, which it adds when it
	// is not there.
	FollowDrive(ctx context.Context, organizationID int64, externalID string) (FollowedDrive, error)
	// Drive answers ErrNotFound for one that is not followed.
	Drive(ctx context.Context, id int64) (FollowedDrive, error)
	UpdateDrive(ctx context.Context, id int64, change func(*FollowedDrive) error) (FollowedDrive, error)
	DeleteDrive(ctx context.Context, id int64) error
	// DriveOf answers whether a drive is followed, and its row.
	DriveOf(ctx context.Context, organizationID int64, externalID string) (FollowedDrive, bool, error)
	// DrivesAfter answers followed drives of all organizations, by id.
	DrivesAfter(ctx context.Context, after int64, limit int) ([]FollowedDrive, error)
}
