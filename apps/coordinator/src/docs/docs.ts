// `/openapi.json`, and `/docs` to read it and try it.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { SwaggerModule } from '@nestjs/swagger';
import { openApiDocument } from './openapi.js';

/** The document is made when somebody first asks for it: most coordinators are never asked. */
export function serveDocs(app: NestFastifyApplication): void {
  // Nest's type is that of OpenAPI 3.0, whose schemas are another dialect.
  const document = (): OpenAPIObject => openApiDocument() as object as OpenAPIObject;
  SwaggerModule.setup('docs', app, document, {
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Concordat',
  });
}
