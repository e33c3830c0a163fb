import { DomainError } from '../../platform/domain-error.ts';

export class UserNotFoundError extends DomainError {
  constructor() {
    super('user-not-found', 'There is no user with this id.');
  }
}

export class UserIdTakenError extends DomainError {
  constructor() {
    super('user-id-taken', 'A user with this id exists, with other content.');
  }
}

export class EmailTakenError extends DomainError {
  constructor() {
    super('email-taken', 'Another user has this e-mail address.');
  }
}

export class VersionConflictError extends DomainError {
  constructor() {
    super('version-conflict', 'The user has changed since the version that If-Match names.');
  }
}
