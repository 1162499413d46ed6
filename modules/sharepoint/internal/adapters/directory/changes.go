package directory

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// newEpoch names a numbering of changes.
func newEpoch() string { return strings.ToLower(rand.Text()[:8]) }

// Changes implements core.Feed. A token is the epoch and the number of a
// change.
func (b *Backend) Changes(ctx context.Context, driveID, token string) (out core.Changes, err error) {
	err = b.with(ctx, func(x *index) error {
		drive, err := x.node(driveID)
		if err != nil {
			return err
		}
		since := int64(0)
		if token != "" {
			epoch, number, _ := strings.Cut(token, "-")
			if since, err = strconv.ParseInt(number, 10, 64); err != nil || epoch != x.Epoch || since < x.Dropped || since > x.Number {
				return &core.Resync{}
			}
		}
		out.Token = x.Epoch + "-" + strconv.FormatInt(x.Number, 10)
		for _, n := range x.at {
			if n.Changed > since && strings.HasPrefix(n.Path, drive.Path+"/") {
				out.Items = append(out.Items, core.FeedChange{Entry: x.entry(n)})
			}
		}
		slices.SortFunc(out.Items, func(a, b core.FeedChange) int { return strings.Compare(a.WebURL, b.WebURL) }) // parents first
		if token == "" {
			return nil
		}
		for _, g := range x.Gone {
			if g.Changed > since && g.Drive == drive.ID {
				out.Items = append(out.Items, core.FeedChange{Entry: core.Entry{ID: g.ID}, Deleted: true})
			}
		}
		return nil
	})
	return out, err
}
