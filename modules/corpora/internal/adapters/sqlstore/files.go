package sqlstore

import (
	"context"
	"fmt"

	"parley/platform/sqldb"
)

// File is what a document's row says of its file.
type File struct {
	ID      int64 // of the document
	BlobKey string
	Size    int64
}

// Files answers up to limit documents that have a file, by ascending id, from
// the one after an id on. It is for backups, which have a database and no
// service.
func Files(ctx context.Context, db *sqldb.DB, after int64, limit int64) ([]File, error) {
	var out []File
	err := db.On(ctx).NewSelect().Table("corpora_documents").Column("id", "blob_key", "size").
		Where("id > ? AND blob_key <> ''", after).OrderExpr("id").Limit(limit).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("listing the files of documents: %w", err)
	}
	return out, nil
}
