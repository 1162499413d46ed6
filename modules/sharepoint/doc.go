// Package sharepoint owns the items of SharePoint that an organization works
// with: sites, drives, folders and files of Microsoft Graph, or of a directory
// that stands in for it.
//
// Owns: what is known of items, which of them are linked to a corpus, and how
// far each drive has been followed. Tables: sharepoint_*. The files themselves
// are the backend's. Jobs: sharepoint.sync, one for each drive with a link.
//
// Publishes: sharepoint.item_created.v1, sharepoint.item_updated.v1,
// sharepoint.item_deleted.v1.
//
// Consumes: corpora.document_indexed.v1 (an item whose document could not be
// read says so), corpora.document_deleted.v1 (a file that is still linked comes
// back), users.user_deleted.v1 (links pass to the admin).
//
// Rules: application admins only. A backend belongs to one organization, and
// what another one asks for does not exist. The files below a linked item are
// kept in its corpus: created, changed, moved and deleted files follow, and a
// document that somebody deletes in the corpus comes back as long as its file is
// there and linked. A file whose readers can't be read, or that fewer people may
// read than the linked item, is not indexed, unless the link says that the
// permissions of the corpus alone decide.
package sharepoint
