package corporafx

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/platform/kernel/blob"
	"parley/platform/sqldb"
)

// CheckFiles looks for the file of every document, and answers how many there
// are. It is an error when one is missing or has another size than its row
// says.
func CheckFiles(ctx context.Context, db *sqldb.DB, files blob.Store) (int, error) {
	var (
		checked int
		last    int64
		wrong   []error
	)
	const part, told = 500, 10
	for {
		found, err := sqlstore.Files(ctx, db, last, part)
		if err != nil {
			return checked, err
		}
		for _, f := range found {
			if err := there(ctx, files, f); err != nil && len(wrong) < told {
				wrong = append(wrong, fmt.Errorf("document %d: %w", f.ID, err))
			}
			checked, last = checked+1, f.ID
		}
		if len(found) < part {
			return checked, errors.Join(wrong...)
		}
	}
}

func there(ctx context.Context, files blob.Store, f sqlstore.File) error {
	r, size, err := files.Open(ctx, f.BlobKey)
	if err != nil {
		return fmt.Errorf("its file %s: %w", f.BlobKey, err)
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("its file %s: %w", f.BlobKey, err)
	}
	if size != f.Size {
		return fmt.Errorf("its file %s has %d bytes, not %d", f.BlobKey, size, f.Size)
	}
	return nil
}
