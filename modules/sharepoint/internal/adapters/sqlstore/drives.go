package sqlstore

import (
	"context"
	"errors"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/sqldb"
)

// FollowDrive implements core.Drives. Until the unit ends nobody lets go of it.
func (s *Store) FollowDrive(ctx context.Context, org int64, externalID string) (core.FollowedDrive, error) {
	fresh := core.FollowedDrive{OrganizationID: org, ExternalID: externalID}
	return s.drives.Upsert(ctx, fresh, "organization_id, external_id", "external_id = EXCLUDED.external_id")
}

// Drive implements core.Drives.
func (s *Store) Drive(ctx context.Context, id int64) (core.FollowedDrive, error) {
	return s.drives.Get(ctx, sqldb.Eq("id", id))
}

// UpdateDrive implements core.Drives.
func (s *Store) UpdateDrive(ctx context.Context, id int64, change func(*core.FollowedDrive) error) (core.FollowedDrive, error) {
	return s.drives.Update(ctx, change, sqldb.Eq("id", id))
}

// DeleteDrive implements core.Drives.
func (s *Store) DeleteDrive(ctx context.Context, id int64) error {
	_, err := s.drives.Delete(ctx, sqldb.Eq("id", id))
	return err
}

// DriveOf implements core.Drives.
func (s *Store) DriveOf(ctx context.Context, org int64, externalID string) (core.FollowedDrive, bool, error) {
	d, err := s.drives.Get(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("external_id", externalID))
	if errors.Is(err, core.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}

// DrivesAfter implements core.Drives.
func (s *Store) DrivesAfter(ctx context.Context, after int64, limit int) ([]core.FollowedDrive, error) {
	return s.drives.List(ctx, limit, "id", sqldb.Cond("id > ?", after))
}
