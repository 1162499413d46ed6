package memstore

import (
	"context"
	"errors"

	"parley/modules/sharepoint/internal/core"
)

// FollowDrive implements core.Drives.
func (s *Store) FollowDrive(ctx context.Context, org int64, externalID string) (core.FollowedDrive, error) {
	d, followed, err := s.DriveOf(ctx, org, externalID)
	if err != nil || followed {
		return d, err
	}
	return s.drives.Add(ctx, core.FollowedDrive{OrganizationID: org, ExternalID: externalID})
}

// Drive implements core.Drives.
func (s *Store) Drive(ctx context.Context, id int64) (core.FollowedDrive, error) {
	return s.drives.Get(ctx, func(d core.FollowedDrive) bool { return d.ID == id })
}

// UpdateDrive implements core.Drives.
func (s *Store) UpdateDrive(ctx context.Context, id int64, change func(*core.FollowedDrive) error) (core.FollowedDrive, error) {
	return s.drives.Update(ctx, change, func(d core.FollowedDrive) bool { return d.ID == id })
}

// DeleteDrive implements core.Drives.
func (s *Store) DeleteDrive(ctx context.Context, id int64) error {
	_, err := s.drives.Delete(ctx, func(d core.FollowedDrive) bool { return d.ID == id })
	return err
}

// DriveOf implements core.Drives.
func (s *Store) DriveOf(ctx context.Context, org int64, externalID string) (core.FollowedDrive, bool, error) {
	d, err := s.drives.Get(ctx, func(d core.FollowedDrive) bool { return d.OrganizationID == org && d.ExternalID == externalID })
	if errors.Is(err, core.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}

// DrivesAfter implements core.Drives.
func (s *Store) DrivesAfter(ctx context.Context, after int64, limit int) ([]core.FollowedDrive, error) {
	found, err := s.drives.List(ctx, func(d core.FollowedDrive) bool { return d.ID > after })
	return found[:min(len(found), limit)], err
}
