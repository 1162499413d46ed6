DROP TABLE sharepoint_drives;
--bun:split
DROP TABLE sharepoint_items;
