-- The Hospital Bot's database, for MySQL 8.0 or MariaDB 10.6 and later.
--
-- Load it into an empty database:
--
--     mysql hospital < schema.sql
--
-- It says the same as the migrations, and ends by telling them so: `hospital-bot db upgrade` goes on from here, and
-- `hospital-bot db check` compares a live database with what the program expects.
--
-- Two kinds of time. appointment_date (that day at 00:00:00) with appointment_time, and time_off, are the clinic's
-- wall clock. Columns ending in _at, and medical_records.date_created, are UTC: the program's sessions run with
-- time_zone = '+00:00', and whoever else relies on a CURRENT_TIMESTAMP default should do the same.
--
-- utf8mb4_bin marks text that must match byte by byte (codes, keys, hashes); utf8mb4_unicode_ci, for everything else,
-- takes 'Bob' for 'bob', and one emoji for another.

SET NAMES utf8mb4;

ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;


-- -----------------------------------------------------------------------------------------------------------
-- The six tables that other software knows. In each, its own columns come first, the bot's follow. An INSERT that names
-- only the former works.
-- -----------------------------------------------------------------------------------------------------------

CREATE TABLE users (
    user_id        INT          NOT NULL AUTO_INCREMENT,
    name           VARCHAR(255) NOT NULL,
    email          VARCHAR(255) NOT NULL,                         -- in lower case
    password       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,     -- a bcrypt hash, never the password
    role           ENUM('patient', 'doctor', 'admin') NOT NULL,

    created_at     DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP,
    verified_at    DATETIME,                                      -- when the e-mail was proven its owner's
    token_version  INT          NOT NULL DEFAULT 0,               -- one more ends every session
    totp_secret    VARCHAR(255) COLLATE utf8mb4_bin,              -- encrypted
    totp_last_step BIGINT       NOT NULL DEFAULT 0,               -- a code of this step or older is spent
    consent_version VARCHAR(16) COLLATE utf8mb4_bin,              -- the wording that the person agreed to
    consented_at   DATETIME,
    withdrawn_at   DATETIME,                                      -- no reminders from then on

    PRIMARY KEY (user_id),
    UNIQUE KEY uq_users_email (email),
    KEY ix_users_name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


CREATE TABLE patients (
    patient_id   INT          NOT NULL AUTO_INCREMENT,
    user_id      INT          NOT NULL,
    address      VARCHAR(255),
    phone_number VARCHAR(20),

    booking_seq  INT          NOT NULL DEFAULT 0,                 -- see doctors
    birth_date   DATE,                                            -- for those who say it

    PRIMARY KEY (patient_id),
    UNIQUE KEY uq_patients_user_id (user_id),
    KEY ix_patients_phone_number (phone_number),
    CONSTRAINT fk_patients_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- A booking begins by adding one to booking_seq: the doctor's, then the patient's. That write is the lock that keeps
-- two bookings from both finding the same time free, on one server and on a cluster alike. Other software that writes
-- appointments or time_off must do the same before it reads, or it can double-book.
CREATE TABLE doctors (
    doctor_id             INT          NOT NULL AUTO_INCREMENT,
    user_id               INT          NOT NULL,
    specialization        VARCHAR(255),
    availability_schedule JSON,                                   -- weekly hours, and days that differ

    room                  VARCHAR(64),
    active                BOOLEAN      NOT NULL DEFAULT TRUE,     -- false: offered to nobody
    booking_seq           INT          NOT NULL DEFAULT 0,
    digest_evening        BOOLEAN      NOT NULL DEFAULT FALSE,    -- the day's list comes on the evening before
    digest_weekly         BOOLEAN      NOT NULL DEFAULT FALSE,    -- the week's list comes on Sundays, too
    approval              BOOLEAN      NOT NULL DEFAULT FALSE,    -- bookings wait for the doctor's answer

    PRIMARY KEY (doctor_id),
    UNIQUE KEY uq_doctors_user_id (user_id),
    KEY ix_doctors_specialization (specialization),
    CONSTRAINT fk_doctors_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- The bot writes the three texts encrypted, with a key that is not in the database; texts in clear are read as they are.
CREATE TABLE medical_records (
    record_id      INT      NOT NULL AUTO_INCREMENT,
    patient_id     INT      NOT NULL,
    doctor_id      INT      NOT NULL,
    date_created   DATETIME DEFAULT CURRENT_TIMESTAMP,
    description    TEXT,
    diagnosis      VARCHAR(255),
    treatment_plan TEXT,

    appointment_id INT,                                           -- the visit; no foreign key: a record outlives it

    PRIMARY KEY (record_id),
    UNIQUE KEY ix_medical_records_appointment_id (appointment_id),
    KEY ix_medical_records_patient_id_date_created (patient_id, date_created),
    KEY ix_medical_records_doctor_id (doctor_id),
    CONSTRAINT fk_medical_records_patient_id FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON DELETE CASCADE,
    CONSTRAINT fk_medical_records_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctors (doctor_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- A visit is never deleted: cancelling changes its status, moving it adds a row that names the old one.
--
-- live is 1 while a visit holds its time and NULL afterwards. A unique key lets NULLs repeat, so a cancelled visit's
-- time can be booked again, and a time that is held can't.
CREATE TABLE appointments (
    appointment_id   INT          NOT NULL AUTO_INCREMENT,
    patient_id       INT          NOT NULL,
    doctor_id        INT          NOT NULL,
    appointment_date DATETIME     NOT NULL,                       -- that day at 00:00:00
    appointment_time TIME         NOT NULL,
    status           ENUM('pending', 'confirmed', 'completed', 'cancelled', 'arrived', 'no_show') NOT NULL,

    minutes          SMALLINT     NOT NULL DEFAULT 30,
    reason           VARCHAR(500),
    request_id       VARCHAR(64)  COLLATE utf8mb4_bin,            -- the same request twice: one visit
    moved_from       INT,                                         -- the visit that this one replaces
    created_at       DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP,
    cancelled_at     DATETIME,
    cancelled_by     INT,
    cancel_reason    VARCHAR(255),
    live             SMALLINT     GENERATED ALWAYS AS
                                  (CASE WHEN status IN ('pending', 'confirmed', 'arrived') THEN 1 END) STORED,
    coming_at        DATETIME,                                    -- when the patient answered "I'm coming"
    answer_by_at     DATETIME,                                    -- until then a pending visit waits for its doctor
    kept_at          DATETIME,                                    -- the doctor keeps it, though outside the hours
    late_minutes     SMALLINT,                                    -- how much later the patient was told to come

    PRIMARY KEY (appointment_id),
    UNIQUE KEY uq_doctor_start (doctor_id, appointment_date, appointment_time, live),
    UNIQUE KEY uq_patient_start (patient_id, appointment_date, appointment_time, live),
    UNIQUE KEY uq_appointments_request_id (request_id),
    UNIQUE KEY uq_appointments_moved_from (moved_from),
    KEY ix_appointments_day (appointment_date, live),
    KEY ix_appointments_cancelled_by (cancelled_by),
    CONSTRAINT fk_appointments_patient_id FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON DELETE CASCADE,
    CONSTRAINT fk_appointments_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctors (doctor_id) ON DELETE CASCADE,
    CONSTRAINT fk_appointments_moved_from FOREIGN KEY (moved_from) REFERENCES appointments (appointment_id)
        ON DELETE SET NULL,
    CONSTRAINT fk_appointments_cancelled_by FOREIGN KEY (cancelled_by) REFERENCES users (user_id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


CREATE TABLE otp_codes (
    otp_id     INT         NOT NULL AUTO_INCREMENT,
    user_id    INT         NOT NULL,
    code       VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,          -- a keyed digest, never the digits
    created_at DATETIME    DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME    NOT NULL,

    purpose    VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'login',
    channel    VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',-- good only in the chat that asked for it
    tries      SMALLINT    NOT NULL DEFAULT 0,
    used_at    DATETIME,

    PRIMARY KEY (otp_id),
    KEY ix_otp_codes_user_id (user_id),
    KEY ix_otp_codes_code (code),
    KEY ix_otp_codes_expires_at (expires_at),
    CONSTRAINT fk_otp_codes_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- -----------------------------------------------------------------------------------------------------------
-- The bot's own tables.
-- -----------------------------------------------------------------------------------------------------------

-- A Telegram account and the user who logged in on it last: one to one, both ways.
CREATE TABLE telegram_accounts (
    telegram_id     BIGINT   NOT NULL,
    user_id         INT      NOT NULL,
    proved_at       DATETIME NOT NULL,
    session_ends_at DATETIME,
    blocked_at      DATETIME,                                     -- the person blocked the bot

    PRIMARY KEY (telegram_id),
    UNIQUE KEY uq_telegram_accounts_user_id (user_id),
    CONSTRAINT fk_telegram_accounts_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Attempts counted under a key such as user:12 or tg:55. Rows may be deleted to let somebody try again.
CREATE TABLE throttles (
    `key`            VARCHAR(80) COLLATE utf8mb4_bin NOT NULL,
    attempts         INT         NOT NULL DEFAULT 0,
    blocked_until_at DATETIME,
    updated_at       DATETIME    NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (`key`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- A doctor's leave, on the clinic's wall clock: from starts up to, but not including, ends.
CREATE TABLE time_off (
    time_off_id INT          NOT NULL AUTO_INCREMENT,
    doctor_id   INT          NOT NULL,
    starts      DATETIME     NOT NULL,
    ends        DATETIME     NOT NULL,
    note        VARCHAR(255),
    tell_at     DATETIME,                                         -- off sick: can be undone until then

    PRIMARY KEY (time_off_id),
    KEY ix_time_off_doctor_id_ends (doctor_id, ends),
    KEY ix_time_off_tell_at (tell_at),
    CONSTRAINT fk_time_off_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctors (doctor_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- A time kept free for one patient until expires_at, in place of the visit that the hospital took back.
CREATE TABLE holds (
    hold_id        INT      NOT NULL AUTO_INCREMENT,
    appointment_id INT      NOT NULL,
    patient_id     INT      NOT NULL,
    doctor_id      INT      NOT NULL,
    hold_date      DATETIME NOT NULL,                             -- that day at 00:00:00, on the clinic's wall clock
    hold_time      TIME     NOT NULL,
    minutes        SMALLINT NOT NULL,
    expires_at     DATETIME NOT NULL,

    PRIMARY KEY (hold_id),
    KEY ix_holds_doctor_id_hold_date (doctor_id, hold_date),
    KEY ix_holds_patient_id (patient_id),
    KEY ix_holds_appointment_id (appointment_id),
    KEY ix_holds_expires_at (expires_at),
    CONSTRAINT fk_holds_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (appointment_id)
        ON DELETE CASCADE,
    CONSTRAINT fk_holds_patient_id FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON DELETE CASCADE,
    CONSTRAINT fk_holds_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctors (doctor_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Messages to send, written together with the change that causes them. A sender claims rows that are due with its
-- token; should it die, others may claim them after claimed_until_at. The unique key keeps a message from being planned
-- twice.
CREATE TABLE notifications (
    notification_id  BIGINT       NOT NULL AUTO_INCREMENT,
    user_id          INT          NOT NULL,
    kind             VARCHAR(32)  COLLATE utf8mb4_bin NOT NULL,
    about            VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
    appointment_id   INT,
    facts            JSON,
    state            ENUM('waiting', 'sent', 'failed', 'skipped') NOT NULL DEFAULT 'waiting',
    created_at       DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP,
    due_at           DATETIME     NOT NULL,
    claim_token      VARCHAR(32)  COLLATE utf8mb4_bin,
    claimed_until_at DATETIME,
    attempts         SMALLINT     NOT NULL DEFAULT 0,
    problem          VARCHAR(255),
    sent_at          DATETIME,

    PRIMARY KEY (notification_id),
    UNIQUE KEY uq_notification (user_id, kind, about),
    KEY ix_notifications_due (state, due_at),
    KEY ix_notifications_claim_token (claim_token),
    KEY ix_notifications_appointment_id (appointment_id),
    CONSTRAINT fk_notifications_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE,
    CONSTRAINT fk_notifications_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (appointment_id)
        ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Where each private chat stands: what is expected next, and the answers given so far.
CREATE TABLE conversations (
    chat_id    BIGINT      NOT NULL,
    state      VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    data       JSON        NOT NULL,
    version    INT         NOT NULL DEFAULT 0,                    -- one more with every step
    expires_at DATETIME    NOT NULL,

    PRIMARY KEY (chat_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Telegram's updates that were handled, so that one which comes twice acts once, and those that fail, with a count.
CREATE TABLE telegram_updates (
    update_id  BIGINT   NOT NULL,
    chat_id    BIGINT   NOT NULL,
    screen     JSON,                                              -- what it led to, to show again
    failures   SMALLINT NOT NULL DEFAULT 0,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (update_id),
    KEY ix_telegram_updates_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Requests of the API that named themselves (Idempotency-Key), so that one which comes twice acts once. `key` is a keyed
-- digest of the user and the name, fingerprint one of what was asked. Rows are kept for a day.
CREATE TABLE requests (
    `key`       VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    fingerprint VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    status      SMALLINT,
    answer      JSON,
    created_at  DATETIME    NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (`key`),
    KEY ix_requests_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Who wants to be forgotten. Done when due_at has passed and the hospital has not refused; until kept_until the law wants
-- the visits and records that stay, without a name.
CREATE TABLE erasures (
    user_id    INT      NOT NULL,
    asked_at   DATETIME NOT NULL,
    due_at     DATETIME NOT NULL,
    refused_at DATETIME,
    done_at    DATETIME,
    kept_until DATE,

    PRIMARY KEY (user_id),
    KEY ix_erasures_due_at (due_at),
    CONSTRAINT fk_erasures_user_id FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- Who did what to whom: ids only, and no foreign keys, so that entries outlive what they tell of. `mac` is made with the
-- entry, with a key that is not in the database; within minutes the entry gets a place in the chain (seq) and a seal over
-- it and the one before. The program needs SELECT, INSERT and UPDATE (seq, seal) here, and DELETE to forget what is too
-- old.
CREATE TABLE audit_log (
    audit_id    BIGINT      NOT NULL AUTO_INCREMENT,
    happened_at DATETIME    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    actor_id    INT,
    patient_id  INT,
    action      VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    subject     VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    outcome     VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT 'ok',
    channel     VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    mac         VARCHAR(80) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    seq         BIGINT,
    seal        VARCHAR(64) COLLATE utf8mb4_bin,

    PRIMARY KEY (audit_id),
    UNIQUE KEY ix_audit_log_seq (seq),
    KEY ix_audit_log_patient_id_happened_at (patient_id, happened_at),
    KEY ix_audit_log_actor_id_happened_at (actor_id, happened_at),
    KEY ix_audit_log_subject (subject)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;


-- The migration that this file equals.
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,

    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO alembic_version (version_num) VALUES ('0007');
