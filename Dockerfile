FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/LmGateway/LmGateway.csproj -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir -p /var/lib/inference-server && chown "$APP_UID" /var/lib/inference-server
USER $APP_UID
EXPOSE 3000
ENTRYPOINT ["./lmgateway"]
