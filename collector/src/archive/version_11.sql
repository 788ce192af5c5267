-- Version 11 of the archive: where the API of a store is, so that what is not of the same platform is not read into it.

-- Scheme, host and port, as the first answer came from it. NULL: nothing has answered since this is kept.
ALTER TABLE store ADD COLUMN origin TEXT;
